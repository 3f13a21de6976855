/* Structures of every shape a kernel's symbol file has, for the tests of the reader of PDB files. */
typedef unsigned char UCHAR;
typedef unsigned short USHORT;
typedef unsigned long ULONG;
typedef unsigned long long ULONGLONG;

struct _LIST_ENTRY { struct _LIST_ENTRY *Flink; struct _LIST_ENTRY *Blink; };
struct _OPAQUE;
enum _KIND { KindLast = -1, KindNone = 0, KindBig = 0x7fffffff };
typedef int (*CALLBACK)(struct _OPAQUE *, ULONG);

struct _LARGE {
    UCHAR Data[0x18000];
    ULONG Matrix[2][3];
};

struct _SAMPLE {
    struct _LIST_ENTRY Links;
    union {
        ULONG Flags;
        struct {
            ULONG One : 1;
            ULONG Three : 3;
            ULONG Rest : 28;
        };
    };
    union {
        ULONGLONG Whole;
        struct { ULONG Low; ULONG High; } u;
    };
    volatile long Count;
    const UCHAR *Name;
    enum _KIND Kind;
    CALLBACK Call;
    unsigned short Wide[16];
    struct _OPAQUE *Opaque;
    struct _LARGE *Large;
    double Ratio;
    _Bool Yes;
    signed char Small;
};

struct _SAMPLE Sample = {0};
struct _LIST_ENTRY ListHead = {&ListHead, &ListHead};
const ULONG Constant = 42;
struct _LARGE *Pointer;
static int Hidden(struct _SAMPLE *s) { return s->Count + 1; }
int Visible(struct _SAMPLE *s) { return Hidden(s) + Hidden(s + 1); }
int Start(void) { return Visible(&Sample) + (int)(ULONGLONG)Pointer; }
