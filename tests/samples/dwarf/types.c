/* Types of every sort that DWARF describes in its own way. See README for how the object files are made. */
struct list { struct list *next, *prev; };
typedef unsigned int u32;
typedef struct { int counter; } atomic_t;
enum state { RUNNING, SLEEPING = 5, DEAD = -1 };
struct declared;

struct task {
    struct list tasks;
    enum state state;
    union {
        u32 whole;
        struct { unsigned short low, high; };
    };
    unsigned int a : 3, b : 5;
    const volatile unsigned long flags : 17;
    char comm[16];
    short table[3][2];
    _Bool dead;
    double load;
    int (*call)(struct task *, const char *);
    struct declared *other;
    atomic_t usage;
    void *data;
    char tail[];
};

struct task first;
const char linux_banner[] = "Linux version 6.1.0-test (memsh@example.org)\n";

int main(void)
{
    struct local { int unseen; } l = { 1 };
    return l.unseen + (int)sizeof first;
}
