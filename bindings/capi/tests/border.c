/* What the border between C and memsh takes and refuses. Ends with a line on stderr and 1 at the first thing that is not so. */
#include <memsh.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SO(what)                                                      \
    do {                                                              \
        if (!(what)) {                                                \
            fprintf(stderr, "line %d: not so: %s\n", __LINE__, #what); \
            exit(1);                                                  \
        }                                                             \
    } while (0)

#define COUNT(list) (sizeof(list) / sizeof *(list))

static MemshTarget *target;

static void fails(MemshCode got, MemshCode want, MemshError *error, const char *says) {
    if (got != want || memsh_error_code(error) != want || !strstr(memsh_error_text(error), says)) {
        fprintf(stderr, "code %d in place of %d: %s\n", got, want, memsh_error_text(error));
        exit(1);
    }
    memsh_error_free(error);
}

/* The call comes first: what it leaves in `error` is looked at afterwards. */
#define FAILS(call, want, says)             \
    do {                                    \
        MemshCode got = (call);             \
        fails(got, want, error, says);      \
        error = NULL;                       \
    } while (0)

struct seen {
    size_t rows, most, notes, bytes;
    uint64_t task;
};

static bool row(void *user, const MemshRow *row) {
    struct seen *seen = user;
    uint64_t pid = 77;
    SO(memsh_row_number(row, "pid", &pid) && pid != 77);
    SO(!memsh_row_number(row, "name", &pid) && !memsh_row_number(row, "no.such.key", &pid));
    SO(memsh_row_text(row, "no.such.key") == NULL && memsh_row_text(row, NULL) == NULL);
    SO(strncmp(memsh_row_json(row), "{\"", 2) == 0 && memsh_row_json(row) == memsh_row_json(row));
    /* What was handed out stays while the row does. */
    const char *name = memsh_row_text(row, "name");
    for (int i = 0; i < 1000; i++)
        SO(strcmp(memsh_row_text(row, "name"), name) == 0);
    if (pid == 1)
        SO(memsh_row_number(row, "address", &seen->task) && strcmp(name, "lab") == 0 && !memsh_row_is_true(row, "kernel_thread"));
    if (pid == 2)
        SO(memsh_row_is_true(row, "kernel_thread"));
    return ++seen->rows < seen->most;
}

static bool bytes(void *user, const uint8_t *data, size_t size) {
    struct seen *seen = user;
    SO(data != NULL);
    seen->bytes += size;
    return true;
}

static void note(void *user, MemshNote kind, const char *text) {
    (void)kind;
    SO(text[0] != 0);
    ((struct seen *)user)->notes++;
}

static bool hit(void *user, const MemshHit *hit) {
    uint64_t again;
    SO(hit->address != 0 && memsh_row_number(hit->row, "address", &again) && again == hit->address);
    return ++*(size_t *)user < 3;
}

static void *ask_often(void *failures) {
    for (int i = 0; i < 5; i++) {
        const char *words[] = {"ps"};
        struct seen seen = {.most = 1000};
        MemshAnswer answer = {.user = &seen, .row = row};
        if (memsh_ask(target, words, 1, &answer, NULL) != MEMSH_CODE_OK || seen.rows < 20)
            *(int *)failures = 1;
    }
    return NULL;
}

static void *stop_soon(void *done) {
    while (!__atomic_load_n((int *)done, __ATOMIC_ACQUIRE))
        memsh_stop(target);
    return NULL;
}

int main(void) {
    MemshError *error = NULL;
    SO(strchr(memsh_version(), '.') != NULL);

    /* Opening. */
    const char *sample[] = {"sample"}, *missing[] = {"/nowhere/at/all"}, *nonsense[] = {"--no-such-option"}, *odd[] = {"\xff\xfe"};
    FAILS(memsh_open(missing, 1, &target, &error), MEMSH_CODE_NOT_FOUND, "/nowhere/at/all");
    FAILS(memsh_open(nonsense, 1, &target, &error), MEMSH_CODE_USAGE, "--no-such-option");
    FAILS(memsh_open(odd, 1, &target, &error), MEMSH_CODE_INVALID, "not UTF-8");
    FAILS(memsh_open(NULL, 1, &target, &error), MEMSH_CODE_INVALID, "null");
    FAILS(memsh_open(sample, 1, NULL, &error), MEMSH_CODE_INVALID, "null");
    SO(memsh_open(missing, 1, &target, NULL) == MEMSH_CODE_NOT_FOUND);
    error = NULL;
    SO(memsh_open(sample, 1, &target, &error) == MEMSH_CODE_OK && error == NULL);

    /* Asking. */
    struct seen seen = {.most = 1000};
    MemshAnswer answer = {.user = &seen, .row = row, .bytes = bytes, .note = note};
    const char *ps[] = {"ps"}, *unknown[] = {"pss"}, *only[] = {"ps", "--where", "pid == 1"}, *windows[] = {"hives"};
    SO(memsh_ask(target, ps, 1, &answer, &error) == MEMSH_CODE_OK && seen.rows > 20 && seen.task > 0xffff000000000000);
    seen = (struct seen){.most = 2};
    SO(memsh_ask(target, ps, 1, &answer, &error) == MEMSH_CODE_OK && seen.rows == 2);
    seen = (struct seen){.most = 1000};
    SO(memsh_ask(target, only, 3, &answer, &error) == MEMSH_CODE_OK && seen.rows == 1);
    FAILS(memsh_ask(target, unknown, 1, &answer, &error), MEMSH_CODE_USAGE, "pss");
    FAILS(memsh_ask(target, windows, 1, &answer, &error), MEMSH_CODE_UNSUPPORTED, "Windows");
    FAILS(memsh_ask(NULL, ps, 1, &answer, &error), MEMSH_CODE_INVALID, "null");
    FAILS(memsh_ask(target, ps, 1, NULL, &error), MEMSH_CODE_INVALID, "null");
    const char *raw[] = {"read", "linux_banner", "-n", "13", "--raw"};
    seen = (struct seen){.most = 1000};
    SO(memsh_ask(target, raw, COUNT(raw), &answer, &error) == MEMSH_CODE_OK && seen.bytes == 13);

    /* Searching. */
    size_t hits = 0;
    MemshHits take = {.user = &hits, .hit = hit};
    const char *needle[] = {"Linux version"};
    SO(memsh_scan(target, needle, 1, &take, &error) == MEMSH_CODE_OK && hits == 3);
    const char *counted[] = {"--count", "Linux version"};
    FAILS(memsh_scan(target, counted, 2, &take, &error), MEMSH_CODE_INVALID, "memsh_ask");
    take.hit = NULL;
    FAILS(memsh_scan(target, needle, 1, &take, &error), MEMSH_CODE_INVALID, "null");

    /* Reading and translating. */
    MemshSpace *kernel, *physical, *process;
    SO(memsh_space(target, MEMSH_SPACE_KIND_KERNEL, NULL, &kernel, &error) == MEMSH_CODE_OK);
    SO(memsh_space(target, MEMSH_SPACE_KIND_PHYSICAL, NULL, &physical, &error) == MEMSH_CODE_OK);
    SO(memsh_space(target, MEMSH_SPACE_KIND_PROCESS, "lab", &process, &error) == MEMSH_CODE_OK);
    FAILS(memsh_space(target, MEMSH_SPACE_KIND_PROCESS, "nobody", &kernel, &error), MEMSH_CODE_NOT_FOUND, "nobody");
    FAILS(memsh_space(target, MEMSH_SPACE_KIND_PROCESS, NULL, &kernel, &error), MEMSH_CODE_INVALID, "null");
    FAILS(memsh_space(target, 9, NULL, &kernel, &error), MEMSH_CODE_INVALID, "no kind");
    char elf[4], page[8192];
    SO(memsh_read(process, 0x400000, elf, 4, &error) == MEMSH_CODE_OK && memcmp(elf, "\x7f" "ELF", 4) == 0);
    FAILS(memsh_read(process, 0x10, elf, 4, &error), MEMSH_CODE_UNREADABLE, "4 of 4 bytes");
    FAILS(memsh_read(process, 0x10, NULL, 4, &error), MEMSH_CODE_INVALID, "null");
    SO(memsh_read(process, 0x10, NULL, 0, &error) == MEMSH_CODE_OK);
    /* The page in front of the program is not there. */
    MemshGap gaps[2];
    size_t found = 9;
    SO(memsh_read_gaps(process, 0x3ff000, page, sizeof page, gaps, 2, &found, &error) == MEMSH_CODE_OK);
    SO(found == 1 && gaps[0].start == 0x3ff000 && gaps[0].size == 0x1000 && memcmp(page + 4096, "\x7f" "ELF", 4) == 0);
    SO(memsh_read_gaps(process, 0x3ff000, page, sizeof page, NULL, 0, &found, &error) == MEMSH_CODE_OK && found == 1);
    MemshRead reads[] = {{0x400000, elf, 4, 9}, {0x10, page, 16, 9}, {0x401000, page + 16, 16, 9}};
    SO(memsh_read_batch(process, reads, 3, &error) == MEMSH_CODE_OK);
    SO(reads[0].missing == 0 && reads[1].missing == 16 && reads[2].missing == 0);
    MemshTranslation at[] = {{.address = 0x400001}, {.address = 0x10}, {.address = 0x401000}};
    SO(memsh_translate(process, at, 3, &error) == MEMSH_CODE_OK);
    SO(at[0].found && !at[1].found && at[2].found && (at[0].physical & 0xfff) == 1 && at[0].page_size == 4096);
    SO((at[2].permissions & 8) && !(at[0].permissions & 8) && !(at[0].permissions & 2) && at[1].physical == 0);
    char same[4];
    SO(memsh_read(physical, at[0].physical - 1, same, 4, &error) == MEMSH_CODE_OK && memcmp(same, elf, 4) == 0);
    FAILS(memsh_translate(physical, at, 1, &error), MEMSH_CODE_INVALID, "not translated");
    char task[8];
    SO(memsh_read(kernel, 0xffffffff82200000, task, 8, &error) == MEMSH_CODE_OK);

    /* Threads. */
    pthread_t threads[4];
    int failures = 0;
    for (size_t i = 0; i < 4; i++)
        SO(pthread_create(&threads[i], NULL, ask_often, &failures) == 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    SO(failures == 0);

    /* Stopping: a search of all memory that takes long enough. */
    int done = 0;
    SO(pthread_create(&threads[0], NULL, stop_soon, &done) == 0);
    const char *strings[] = {"strings"};
    MemshAnswer nothing = {0};
    MemshCode code = memsh_ask(target, strings, 1, &nothing, &error);
    __atomic_store_n(&done, 1, __ATOMIC_RELEASE);
    pthread_join(threads[0], NULL);
    FAILS(code, MEMSH_CODE_STOPPED, "interrupted");
    SO(memsh_ask(target, only, 3, &nothing, &error) == MEMSH_CODE_OK);

    /* A space outlives its target; null is nothing to free. */
    memsh_refresh(target);
    memsh_close(target);
    SO(memsh_read(process, 0x400000, elf, 4, NULL) == MEMSH_CODE_OK);
    memsh_space_free(process);
    memsh_space_free(physical);
    memsh_space_free(kernel);
    memsh_close(NULL);
    memsh_space_free(NULL);
    memsh_error_free(NULL);
    memsh_stop(NULL);
    SO(memsh_error_text(NULL)[0] == 0 && memsh_error_hint(NULL) == NULL && memsh_error_code(NULL) == MEMSH_CODE_OK);
    puts("all so");
    return 0;
}
