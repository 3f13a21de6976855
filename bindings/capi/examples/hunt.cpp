// Searches the memory of every process for a text, and shows what stands around each hit, and where it lies in physical memory.
//
//     c++ -std=c++17 hunt.cpp $(pkg-config --cflags --libs memsh) -o hunt
//     ./hunt memory.raw PASSWORD=
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>
#include <memsh.h>
#include <stdexcept>
#include <string>
#include <vector>

struct Failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Takes the error of a call that failed.
static void check(MemshCode code, MemshError *error) {
    if (code == MEMSH_CODE_OK)
        return;
    std::unique_ptr<MemshError, decltype(&memsh_error_free)> owned(error, memsh_error_free);
    throw Failure(memsh_error_text(error));
}

using Target = std::unique_ptr<MemshTarget, decltype(&memsh_close)>;
using Space = std::unique_ptr<MemshSpace, decltype(&memsh_space_free)>;

static Target open(const std::vector<const char *> &words) {
    MemshTarget *target = nullptr;
    MemshError *error = nullptr;
    check(memsh_open(words.data(), words.size(), &target, &error), error);
    return Target(target, memsh_close);
}

static Space space_of(const MemshTarget *target, uint32_t pid) {
    MemshSpace *space = nullptr;
    MemshError *error = nullptr;
    check(memsh_space(target, MEMSH_SPACE_KIND_PROCESS, std::to_string(pid).c_str(), &space, &error), error);
    return Space(space, memsh_space_free);
}

struct Hit {
    uint32_t pid;
    uint64_t address;
};

int main(int argc, char **argv) try {
    if (argc != 3)
        throw Failure("hunt TARGET TEXT");
    Target target = open({argv[1]});
    std::vector<Hit> hits;
    MemshHits take{};
    take.user = &hits;
    take.hit = [](void *user, const MemshHit *hit) {
        static_cast<std::vector<Hit> *>(user)->push_back({hit->pid, hit->address});
        return true;
    };
    take.note = [](void *, MemshNote, const char *text) { std::fprintf(stderr, "%s\n", text); };
    const char *words[] = {"--all", "--", argv[2]};
    MemshError *error = nullptr;
    check(memsh_scan(target.get(), words, 3, &take, &error), error);

    for (const Hit &hit : hits) {
        Space space = space_of(target.get(), hit.pid);
        char bytes[32];
        MemshRead read{hit.address, bytes, sizeof bytes, 0};
        check(memsh_read_batch(space.get(), &read, 1, &error), error);
        MemshTranslation place{};
        place.address = hit.address;
        check(memsh_translate(space.get(), &place, 1, &error), error);
        // Text from the target is hostile: nothing of it reaches a terminal as it is.
        std::replace_if(bytes, bytes + sizeof bytes, [](unsigned char c) { return c >= 127 || !std::isprint(c); }, '.');
        std::printf("%6u  %#18llx  %#12llx  %.*s\n", hit.pid, (unsigned long long)hit.address, (unsigned long long)place.physical,
                    (int)sizeof bytes, bytes);
    }
    std::printf("%zu hits\n", hits.size());
    return 0;
} catch (const Failure &failure) {
    std::fprintf(stderr, "hunt: %s\n", failure.what());
    return 1;
}
