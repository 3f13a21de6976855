/* The interface of memsh (https://crates.io/crates/memsh) for connectors in C and C++.
 *
 * Made from plugin-api/src/c.rs by cbindgen; do not edit. docs/plugins.md explains it. */

#ifndef MEMSH_PLUGIN_H
#define MEMSH_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* Exports a connector. Once per connector, outside of every function:
 *
 *     MEMSH_PLUGIN(rom, "version 1.0.0\n"
 *                       "description a file as it is\n"
 *                       "argument path path required - the file\n",
 *                  rom_create);
 *
 * NAME is what `-C` takes: letters, digits and `_`, no quotes. TEXT is lines: `version`, `description`, and for each argument
 * `argument NAME KIND required|optional DEFAULT|- HELP`, where KIND is `text`, `path`, `number`, `size`, `duration` or `flag`. CREATE is
 * a MemshCreate. Works in C11 and C++17. */
#define MEMSH_PLUGIN(NAME, TEXT, CREATE)                                                             \
    MEMSH_STATIC_ASSERT(sizeof(MEMSH_TEXT(NAME, TEXT)) <= MEMSH_TEXT_SIZE, "the text is too long");    \
    MEMSH_EXTERN MEMSH_EXPORT const MemshDescriptor MEMSH_PLUGIN_CONNECTOR_##NAME = {                 \
        {'m', 'e', 'm', 's', 'h', 'P', 'L', 'G'},                                                    \
        MEMSH_ABI_VERSION,                                                                           \
        MEMSH_KIND_CONNECTOR,                                                                        \
        MEMSH_C_ABI,                                                                                 \
        0,                                                                                           \
        MEMSH_INTERFACE_C,                                                                           \
        (uint32_t)(sizeof(MEMSH_TEXT(NAME, TEXT)) - 1),                                              \
        0,                                                                                           \
        MEMSH_TEXT(NAME, TEXT),                                                                      \
        CREATE,                                                                                      \
    }

#define MEMSH_TEXT(NAME, TEXT) "name " #NAME "\n" TEXT "\nbuilt_with memsh_plugin.h 0.1.0\n"

#ifdef __cplusplus
#define MEMSH_EXTERN extern "C"
#define MEMSH_STATIC_ASSERT static_assert
#else
#define MEMSH_EXTERN
#define MEMSH_STATIC_ASSERT _Static_assert
#endif

#ifdef _WIN32
#define MEMSH_EXPORT __declspec(dllexport)
#else
#define MEMSH_EXPORT __attribute__((visibility("default"), used))
#endif

// Version of this table of functions. A plugin says which one it fills; memsh refuses another one.
#define MEMSH_C_ABI 1

// Version of memsh-plugin that this file is from; for words, not for decisions.
#define MEMSH_ABI_VERSION 3

// A connector, in `MemshDescriptor::kind`.
#define MEMSH_KIND_CONNECTOR 1

// This interface, in `MemshDescriptor::interface`.
#define MEMSH_INTERFACE_C 2

// Bytes of room for the text of a descriptor.
#define MEMSH_TEXT_SIZE 4096

// An operation's status: every byte was transferred.
#define MEMSH_DONE 1

// Some bytes are missing: those that could be read are in place, the others are zero.
#define MEMSH_PARTIAL -1

// Nothing is there.
#define MEMSH_MISSING -2

// The device or the link failed.
#define MEMSH_FAILED -3

// The memory can't be written.
#define MEMSH_READ_ONLY -4

// An argument that was given, or its default. Text ends with a zero byte.
typedef struct {
    // Its name.
    const char *name;
    // Its value.
    const char *value;
} MemshArgument;

// What a connector is made from. Nothing of it outlives the call.
typedef struct {
    // The arguments.
    const MemshArgument *arguments;
    // How many.
    size_t count;
    // What stood behind the plugin's name, as it was written.
    const char *raw;
    // Whether the user allows writing.
    bool write;
} MemshRequest;

// What a memory says of itself.
typedef struct {
    // Bytes that can be read, over all ranges.
    uint64_t size;
    // The last address that can be read.
    uint64_t max_address;
    // Whether writing never works.
    bool read_only;
    // Whether the content changes while it is read.
    bool live;
    // How many operations one call should hold at most; 0: no limit.
    uint32_t ideal_batch;
} MemshMetadata;

// A contiguous piece of physical memory.
typedef struct {
    // Address of the first byte.
    uint64_t start;
    // Its bytes.
    uint64_t size;
} MemshRange;

// One read. The plugin fills `data` and sets `status`.
typedef struct {
    // Physical address of the first byte.
    uint64_t address;
    // memsh's buffer.
    uint8_t *data;
    // Its bytes.
    size_t length;
    // How it ended: `MEMSH_DONE` or one of the others.
    int32_t status;
} MemshRead;

// One write. The plugin sets `status`.
typedef struct {
    // Physical address of the first byte.
    uint64_t address;
    // What to write.
    const uint8_t *data;
    // Its bytes.
    size_t length;
    // How it ended.
    int32_t status;
} MemshWrite;

// A connector: functions, each called with `context`, from many threads at once.
typedef struct {
    // The plugin's own.
    void *context;
    // Says what the memory is. Needed.
    void (*metadata)(void *context, MemshMetadata *out);
    // Writes at most `capacity` ranges, ascending and without overlap, and gives how many there are. Needed.
    size_t (*ranges)(void *context, MemshRange *out, size_t capacity);
    // Reads a batch. Needed.
    void (*read)(void *context, MemshRead *operations, size_t count);
    // Writes a batch. May be null.
    void (*write)(void *context, MemshWrite *operations, size_t count);
    // Ends it. May be null.
    void (*destroy)(void *context);
} MemshConnector;

// One plugin of a file: an exported constant whose name begins with `MEMSH_PLUGIN_`. The macro `MEMSH_PLUGIN` of the header writes it.
typedef struct {
    // `memshPLG`.
    uint8_t magic[8];
    // Version of memsh-plugin that the header is from.
    uint32_t abi_version;
    // `MEMSH_KIND_CONNECTOR`.
    uint32_t kind;
    // `MEMSH_C_ABI`.
    uint64_t layout;
    // 0.
    uint64_t layout_below;
    // `MEMSH_INTERFACE_C`.
    uint32_t interface;
    // Bytes of `text` that are used.
    uint32_t text_len;
    // 0.
    uint64_t reserved;
    // Lines, each a word and what stands behind it: `name`, `version`, `description`, `argument`.
    uint8_t text[MEMSH_TEXT_SIZE];
    // Makes it: a `MemshCreate`.
    int32_t (*create)(const MemshRequest *request, MemshConnector *out, char *error, size_t error_size);
} MemshDescriptor;

// Makes a connector: fills `out` and gives 0, or writes why it can't into `error` (zero-terminated, at most `error_size` bytes) and
// gives something else.
typedef int32_t (*MemshCreate)(const MemshRequest *request, MemshConnector *out, char *error, size_t error_size);

#endif  /* MEMSH_PLUGIN_H */
