/* Routines that a process holds, called by tests/emulate.rs on its memory. The key exists in memory only: it is made of what the test sends. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint8_t key[16];
static uint8_t state[256];
static uint64_t calls;
static const uint8_t secret[] = "attack at dawn";
static uint8_t sealed[sizeof secret];

__attribute__((noinline)) uint64_t fnv1a(const uint8_t *bytes, uint64_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

/* RC4 with the process's key; counts its calls in the process's memory. */
__attribute__((noinline)) uint64_t rc4(uint8_t *to, const uint8_t *from, uint64_t len)
{
    uint8_t i = 0, j = 0;
    for (int n = 0; n < 256; n++)
        state[n] = (uint8_t)n;
    for (int n = 0; n < 256; n++) {
        j = (uint8_t)(j + state[n] + key[n % 16]);
        uint8_t swap = state[n];
        state[n] = state[j];
        state[j] = swap;
    }
    j = 0;
    for (uint64_t n = 0; n < len; n++) {
        i++;
        j = (uint8_t)(j + state[i]);
        uint8_t swap = state[i];
        state[i] = state[j];
        state[j] = swap;
        to[n] = from[n] ^ state[(uint8_t)(state[i] + state[j])];
    }
    return ++calls;
}

__attribute__((noinline)) uint64_t many(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h, uint64_t i, uint64_t j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

__attribute__((noinline)) uint64_t helper(uint64_t n)
{
    __asm__ volatile("" ::: "memory");
    return n * 3;
}

__attribute__((noinline)) uint64_t guarded(uint64_t n)
{
    return helper(n) + 1;
}

/* Has a guarded stack, whatever the compiler's default is. */
__attribute__((noinline)) uint64_t copied(const char *text)
{
    char own[64];
    strncpy(own, text, sizeof own - 1);
    own[63] = 0;
    uint64_t n = 0;
    for (volatile char *p = own; *p; p++)
        n = n * 31 + (uint8_t)*p;
    return n;
}

__attribute__((noinline)) const char *word(uint64_t n)
{
    return n ? "a word of the program" : 0;
}

__attribute__((noinline)) uint64_t deep(uint64_t n)
{
    volatile uint8_t some[256];
    some[n % 256] = 1;
    return n == 0 ? some[0] : deep(n - 1) + some[n % 256];
}

static __thread volatile uint64_t own = 5;

__attribute__((noinline)) uint64_t local(void)
{
    return own;
}

int main(void)
{
    char line[64];
    if (!fgets(line, sizeof line, stdin))
        return 1;
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)(line[i] * 7 + i);
    rc4(sealed, secret, sizeof secret);
    printf("fnv1a=%p rc4=%p many=%p helper=%p guarded=%p copied=%p word=%p deep=%p local=%p sealed=%p calls=%p state=%p\n", (void *)fnv1a, (void *)rc4,
           (void *)many, (void *)helper, (void *)guarded, (void *)copied, (void *)word, (void *)deep, (void *)local, (void *)sealed, (void *)&calls, (void *)state);
    fflush(stdout);
    fgets(line, sizeof line, stdin);
    return 0;
}
