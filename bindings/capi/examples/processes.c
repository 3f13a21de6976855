/* Lists the processes of a target, and what is missing from the list.
 *
 *     cc processes.c $(pkg-config --cflags --libs memsh) -o processes
 *     ./processes memory.raw
 *     ./processes -C qemu
 */
#include <inttypes.h>
#include <memsh.h>
#include <stdio.h>

static int failed(MemshError *error) {
    fprintf(stderr, "processes: %s\n", memsh_error_text(error));
    if (memsh_error_hint(error))
        fprintf(stderr, "hint: %s\n", memsh_error_hint(error));
    memsh_error_free(error);
    return 1;
}

/* Text from the target is hostile: a process may have a newline in its name, or what clears the screen. */
static void show(const char *text) {
    for (; text && *text; text++)
        if (*text >= ' ' && *text <= '~' && *text != '\\')
            putchar(*text);
        else
            printf("\\x%02x", (unsigned)(unsigned char)*text);
}

static bool process(void *count, const MemshRow *row) {
    uint64_t pid, address;
    if (memsh_row_number(row, "pid", &pid) && memsh_row_number(row, "address", &address)) {
        printf("%6" PRIu64 "  %#18" PRIx64 "  ", pid, address);
        show(memsh_row_text(row, "name"));
        printf("  ");
        show(memsh_row_text(row, "command_line"));
        putchar('\n');
    }
    ++*(size_t *)count;
    return true;
}

static void note(void *count, MemshNote kind, const char *text) {
    (void)count;
    fprintf(stderr, "%s%s\n", kind == MEMSH_NOTE_WARNING ? "warning: " : "", text);
}

int main(int argc, char **argv) {
    MemshTarget *target;
    MemshError *error = NULL;
    if (memsh_open((const char *const *)argv + 1, (size_t)argc - 1, &target, &error) != MEMSH_CODE_OK)
        return failed(error);
    const char *words[] = {"ps", "--user", "--sort", "pid"};
    size_t count = 0;
    MemshAnswer answer = {.user = &count, .row = process, .note = note};
    MemshCode code = memsh_ask(target, words, sizeof words / sizeof *words, &answer, &error);
    memsh_close(target);
    if (code != MEMSH_CODE_OK)
        return failed(error);
    printf("%zu processes\n", count);
    return 0;
}
