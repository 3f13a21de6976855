/* memsh for programs in C and C++: targets, answers of commands, memory.
 *
 * Made from bindings/capi by cbindgen; do not edit. docs/c-api.md explains it.
 *
 * What every function relies on:
 * - A pointer to something of memsh's came from this library and was not freed. Null is an error that is told, never followed.
 * - A pointer for a result has room for it; a buffer for as many bytes, a list for as many things as the call says.
 * - Text is UTF-8 and ends with a zero.
 * - Functions of the caller's return in the ordinary way: no longjmp, no C++ exception leaves them.
 *
 * Functions that can fail give a code, and where ERROR is not null an error in words, to be freed with memsh_error_free; ERROR is left
 * alone where all went well. What memsh hands out is valid until it is freed, or as long as what it is a part of.
 *
 * A target and a space may be used by several threads at once. Nothing writes to stdout or stderr, reads stdin or ends the program. */

#ifndef MEMSH_H
#define MEMSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a call ended. Later versions may add codes.
typedef enum {
    // Well.
    MEMSH_CODE_OK = 0,
    // The bytes are not there: not mapped, or not in the image.
    MEMSH_CODE_UNREADABLE = 1,
    // The bytes are there and make no sense.
    MEMSH_CODE_MALFORMED = 2,
    // The thing is known, and not supported here.
    MEMSH_CODE_UNSUPPORTED = 3,
    // What was asked for does not exist.
    MEMSH_CODE_NOT_FOUND = 4,
    // The call asked for something impossible: a null pointer, text that is not UTF-8.
    MEMSH_CODE_INVALID = 5,
    // The host's file system or link failed.
    MEMSH_CODE_IO = 6,
    // The words of a command make no sense.
    MEMSH_CODE_USAGE = 7,
    // The command `check` found a difference.
    MEMSH_CODE_DIFFERENCE = 8,
    // memsh_stop ended it.
    MEMSH_CODE_STOPPED = 9,
    // A bug in memsh. The target may be closed and nothing else.
    MEMSH_CODE_BUG = 10,
} MemshCode;

// What is told beside the rows.
typedef enum {
    // Something is missing from the answer; the text says how much and why.
    MEMSH_NOTE_PARTIAL = 0,
    // What the analyst should know.
    MEMSH_NOTE_WARNING = 1,
} MemshNote;

// Whose addresses.
typedef enum {
    // Physical memory.
    MEMSH_SPACE_KIND_PHYSICAL = 0,
    // The kernel's.
    MEMSH_SPACE_KIND_KERNEL = 1,
    // A process's.
    MEMSH_SPACE_KIND_PROCESS = 2,
} MemshSpaceKind;

// Why a call failed. Freed with memsh_error_free.
typedef struct MemshError MemshError;

// A row of an answer, as long as the call of the function that it is handed to.
typedef struct MemshRow MemshRow;

// Addresses of a target: physical, the kernel's or a process's. It may be used by several threads at once. Freed with memsh_space_free.
typedef struct MemshSpace MemshSpace;

// A target. It may be used by several threads at once. Closed with memsh_close.
typedef struct MemshTarget MemshTarget;

// Takes an answer. Each function may be null; USER is handed to all of them. A function that returns false ends the command.
typedef struct {
    // The caller's own.
    void *user;
    // A row, or the one object of an answer. Called on the thread that asks.
    bool (*row)(void *user, const MemshRow *row);
    // Bytes that are no row (`read --raw`). Called on the thread that asks.
    bool (*bytes)(void *user, const uint8_t *data, size_t size);
    // A note, at the end. Called on the thread that asks.
    void (*note)(void *user, MemshNote kind, const char *text);
    // How far long work has come: DONE of TOTAL steps (bytes, mostly); a TOTAL of 0 is not known. Called from any thread.
    void (*progress)(void *user, const char *task, uint64_t done, uint64_t total);
} MemshAnswer;

// A piece of memory that could not be read.
typedef struct {
    // Its first address.
    uint64_t start;
    // Its bytes.
    uint64_t size;
} MemshGap;

// One read of a batch.
typedef struct {
    // The first address.
    uint64_t address;
    // Where the bytes go.
    void *buffer;
    // How many.
    size_t size;
    // How many of them could not be read; they are zeros in the buffer.
    uint64_t missing;
} MemshRead;

// One translation of a batch.
typedef struct {
    // The address.
    uint64_t address;
    // Where it lies, where FOUND is true.
    uint64_t physical;
    // Bytes of the page that maps it; 0 in a space without page tables.
    uint64_t page_size;
    // What the page tables allow: 1 to read, 2 to write, 4 for programs of users, 8 to execute.
    uint8_t permissions;
    // Whether it is mapped to memory.
    bool found;
} MemshTranslation;

// Something that was found.
typedef struct {
    // Its address.
    uint64_t address;
    // The process whose address it is; HAS_PID says whether it is one's.
    uint32_t pid;
    // See PID.
    bool has_pid;
    // The whole row of `scan`.
    const MemshRow *row;
} MemshHit;

// Takes hits. Each function may be null but HIT; USER is handed to all of them. As in MemshAnswer.
typedef struct {
    // The caller's own.
    void *user;
    // A hit, which lives as long as the call. False ends the search.
    bool (*hit)(void *user, const MemshHit *hit);
    // A note, at the end.
    void (*note)(void *user, MemshNote kind, const char *text);
    // How far it has come, from any thread.
    void (*progress)(void *user, const char *task, uint64_t done, uint64_t total);
} MemshHits;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// What sort of error it is; MEMSH_CODE_OK for null.
MemshCode memsh_error_code(const MemshError *error);

// What was tried, where, and why it failed: UTF-8, as long as the error. Empty for null.
const char *memsh_error_text(const MemshError *error);

// What to do next: UTF-8, as long as the error. Null where nothing is known.
const char *memsh_error_hint(const MemshError *error);

// Frees an error; nothing for null.
void memsh_error_free(MemshError *error);

// The whole row as JSON, as long as the row.
const char *memsh_row_json(const MemshRow *row);

// The text of a field, as long as the row: UTF-8; other values as JSON. Null where there is no such field or it is null. KEY is the
// field's name as in the answer's schema (`memsh schema COMMAND`); `os.name` and `args.0` lead further in.
const char *memsh_row_text(const MemshRow *row, const char *key);

// The number of a field: addresses too, which JSON has as text. False, and NUMBER as it was, where there is none.
bool memsh_row_number(const MemshRow *row, const char *key, uint64_t *number);

// Whether a field is true.
bool memsh_row_is_true(const MemshRow *row, const char *key);

// The version of memsh, `0.1.0`.
const char *memsh_version(void);

// Opens a target into TARGET. WORDS are what would stand before a command on memsh's command line: `dump.raw`; `sample` for the image
// inside the library; `-C`, `qemu` for a machine that runs.
MemshCode memsh_open(const char *const *list,
                     size_t count,
                     MemshTarget **target,
                     MemshError **error);

// Closes a target, when no thread uses it any more; its spaces may live on. Nothing for null.
void memsh_close(MemshTarget *target);

// Ends what runs on a target, soon: every command that any thread asked it for. What is asked afterwards runs.
void memsh_stop(const MemshTarget *target);

// Forgets what was read of a live target, so that what is asked next sees it as it is then.
void memsh_refresh(const MemshTarget *target);

// Asks a command: WORDS are its name and its arguments, as on memsh's command line, with `--where`, `--sort` and `--limit` where rows are
// to be chosen. ANSWER takes the rows as they are found. Rows that came before a failure are part of the answer.
MemshCode memsh_ask(const MemshTarget *target,
                    const char *const *list,
                    size_t count,
                    const MemshAnswer *answer,
                    MemshError **error);

// Opens a space into SPACE. PROCESS is a pid, or a name that only one process has; null for the others.
MemshCode memsh_space(const MemshTarget *target, uint32_t kind, const char *process, MemshSpace **space, MemshError **error);

// Frees a space; nothing for null.
void memsh_space_free(MemshSpace *space);

// Reads SIZE bytes at ADDRESS. MEMSH_CODE_UNREADABLE when any of them is missing; those that are there are in the buffer all the same,
// the others zeros: memsh_read_gaps says which.
MemshCode memsh_read(const MemshSpace *space,
                     uint64_t address,
                     void *buffer,
                     size_t size,
                     MemshError **error);

// Reads what of SIZE bytes at ADDRESS is there, and writes the first ROOM gaps, ascending, to GAPS; missing bytes are zeros in the
// buffer. FOUND is how many gaps there are, which may be more than ROOM.
MemshCode memsh_read_gaps(const MemshSpace *space,
                          uint64_t address,
                          void *buffer,
                          size_t size,
                          MemshGap *gaps,
                          size_t room,
                          size_t *found,
                          MemshError **error);

// Reads COUNT pieces; each says how many of its bytes are missing. One that can't be read fails no other.
MemshCode memsh_read_batch(const MemshSpace *space, MemshRead *reads, size_t count, MemshError **error);

// Translates COUNT addresses at once; neighbours share their walk through the page tables. One that is not mapped fails no other.
MemshCode memsh_translate(const MemshSpace *space, MemshTranslation *translations, size_t count, MemshError **error);

// Searches; hits come as they are found. WORDS are what stands behind `scan` on memsh's command line: `needle`; `--all`, `needle` for
// every process; `-p`, `142`, `--hex`, `90 90 ?? c3`; `--regex`, `pass(word)?=`.
MemshCode memsh_scan(const MemshTarget *target,
                     const char *const *list,
                     size_t count,
                     const MemshHits *hits,
                     MemshError **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MEMSH_H */
