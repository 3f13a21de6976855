/* memsh -C rom_c:FILE,base=ADDRESS: a file as it is, somewhere in physical memory. */
#include "memsh_plugin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    uint64_t base;
    uint64_t size;
    uint8_t *bytes;
};

static void metadata(void *context, MemshMetadata *out) {
    const struct memory *m = context;
    out->size = m->size;
    out->max_address = m->base + m->size - 1;
    out->read_only = true;
    out->live = false;
    out->ideal_batch = 0;
}

/* Gives how many there are, and writes as many as there is room for. */
static size_t ranges(void *context, MemshRange *out, size_t capacity) {
    const struct memory *m = context;
    if (capacity > 0) {
        out[0].start = m->base;
        out[0].size = m->size;
    }
    return 1;
}

/* Called from many threads at once. Every operation's status is set; what is not there is zero. */
static void read_memory(void *context, MemshRead *operations, size_t count) {
    const struct memory *m = context;
    for (size_t i = 0; i < count; i++) {
        MemshRead *op = &operations[i];
        if (op->address >= m->base && op->address - m->base < m->size) {
            uint64_t at = op->address - m->base, left = m->size - at;
            size_t there = left < op->length ? (size_t)left : op->length;
            memcpy(op->data, m->bytes + at, there);
            memset(op->data + there, 0, op->length - there);
            op->status = there == op->length ? MEMSH_DONE : MEMSH_PARTIAL;
        } else {
            memset(op->data, 0, op->length);
            op->status = MEMSH_MISSING;
        }
    }
}

static void destroy(void *context) {
    struct memory *m = context;
    free(m->bytes);
    free(m);
}

/* The value of an argument, or NULL. */
static const char *argument(const MemshRequest *request, const char *name) {
    for (size_t i = 0; i < request->count; i++) {
        if (strcmp(request->arguments[i].name, name) == 0) {
            return request->arguments[i].value;
        }
    }
    return NULL;
}

static int32_t create(const MemshRequest *request, MemshConnector *out, char *error, size_t error_size) {
    const char *path = argument(request, "path"), *base = argument(request, "base");
    struct memory *m = calloc(1, sizeof *m);
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) {
        size = ftell(file);
        rewind(file);
    }
    if (m && size > 0) {
        m->base = base ? strtoull(base, NULL, 0) : 0;
        m->size = (uint64_t)size;
        m->bytes = malloc((size_t)size);
    }
    if (!m || !m->bytes || fread(m->bytes, 1, (size_t)size, file) != (size_t)size) {
        snprintf(error, error_size, "can't read %s: %s", path, errno ? strerror(errno) : "it is empty");
        if (file) fclose(file);
        if (m) destroy(m);
        return 1;
    }
    fclose(file);
    out->context = m;
    out->metadata = metadata;
    out->ranges = ranges;
    out->read = read_memory;
    out->destroy = destroy;
    return 0;
}

MEMSH_PLUGIN(rom_c,
             "version 0.1.0\n"
             "description a file as it is, somewhere in physical memory\n"
             "argument path path required - the file\n"
             "argument base number optional 0 physical address of its first byte\n",
             create);
