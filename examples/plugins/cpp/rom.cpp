// memsh -C rom_cpp:FILE,base=ADDRESS: a file as it is, somewhere in physical memory.
#include "memsh_plugin.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

class Memory {
  public:
    Memory(const std::string &path, std::uint64_t base) : base_(base) {
        std::ifstream file(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
        if (bytes_.empty()) {
            throw std::runtime_error("can't read " + path + ", or it is empty");
        }
    }

    std::uint64_t base() const { return base_; }
    std::uint64_t size() const { return bytes_.size(); }

    // Called from many threads at once. What is not there is zero.
    std::int32_t read(std::uint64_t address, std::uint8_t *data, std::size_t length) const {
        std::memset(data, 0, length);
        if (address < base_ || address - base_ >= size()) {
            return MEMSH_MISSING;
        }
        const auto at = address - base_;
        const auto there = static_cast<std::size_t>(std::min<std::uint64_t>(size() - at, length));
        std::memcpy(data, bytes_.data() + at, there);
        return there == length ? MEMSH_DONE : MEMSH_PARTIAL;
    }

  private:
    std::uint64_t base_;
    std::vector<char> bytes_;
};

// Exceptions end here: none may leave a function that memsh calls.

void metadata(void *context, MemshMetadata *out) noexcept {
    const auto &m = *static_cast<const Memory *>(context);
    out->size = m.size();
    out->max_address = m.base() + m.size() - 1;
    out->read_only = true;
}

std::size_t ranges(void *context, MemshRange *out, std::size_t capacity) noexcept {
    const auto &m = *static_cast<const Memory *>(context);
    if (capacity > 0) {
        out[0] = {m.base(), m.size()};
    }
    return 1;
}

void read(void *context, MemshRead *operations, std::size_t count) noexcept {
    const auto &m = *static_cast<const Memory *>(context);
    for (std::size_t i = 0; i < count; i++) {
        MemshRead &op = operations[i];
        try {
            op.status = m.read(op.address, op.data, op.length);
        } catch (...) {
            op.status = MEMSH_FAILED;
        }
    }
}

void destroy(void *context) noexcept { delete static_cast<Memory *>(context); }

std::int32_t create(const MemshRequest *request, MemshConnector *out, char *error, std::size_t error_size) noexcept {
    try {
        std::string path, base = "0";
        for (std::size_t i = 0; i < request->count; i++) {
            const auto &a = request->arguments[i];
            (std::strcmp(a.name, "path") == 0 ? path : base) = a.value;
        }
        auto memory = std::make_unique<Memory>(path, std::stoull(base, nullptr, 0));
        *out = MemshConnector{memory.release(), metadata, ranges, read, nullptr, destroy};
        return 0;
    } catch (const std::exception &e) {
        std::snprintf(error, error_size, "%s", e.what());
        return 1;
    }
}

} // namespace

MEMSH_PLUGIN(rom_cpp,
             "version 0.1.0\n"
             "description a file as it is, somewhere in physical memory\n"
             "argument path path required - the file\n"
             "argument base number optional 0 physical address of its first byte\n",
             create);
