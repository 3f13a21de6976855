/* A second unit: the same structures again, one of its own, and the definition that types.c only declares. */
struct list { struct list *next, *prev; };
typedef unsigned int u32;
struct declared { struct list l; u32 value; };
struct declared thing;
