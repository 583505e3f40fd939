"""The fixed part of the C program that compares two libraries.

Every case runs in a child process that tells by shared memory how far it came: a child that dies while the oracle
works met undefined behaviour of the oracle, one that dies in the candidate shows a difference.
"""

RUNTIME = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENOUGH = 20 };
enum { NOTHING, ORACLE, CANDIDATE, COMPARE };
struct shared {
    volatile uint64_t at;
    volatile int phase, op, told;
    volatile long compared[OPS], undefined[OPS], differing[OPS];
    char shown[700];
    char lines[TOLD][900];
};
static struct shared *S;
static uint64_t state;
static size_t shown_at;

static uint64_t next_number(void) {
    uint64_t z = (state += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}
static void show(const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (shown_at < sizeof S->shown - 1) {
        int n = vsnprintf(S->shown + shown_at, sizeof S->shown - shown_at, format, list);
        shown_at += n > 0 ? (size_t)n : 0;
    }
    va_end(list);
}
static uint64_t draw(int bits) {
    static const uint64_t edges[] = {0, 1, 2, (uint64_t)-1, 127, 128, 255, 256, 32767, 65535, 2147483647u, 2147483648u};
    uint64_t kind = next_number() % 10, n = next_number();
    if (kind < 5) return n % 24;
    if (kind < 6) return n % 300;
    if (kind < 7) return edges[n % (sizeof edges / sizeof *edges)];
    if (kind < 9 && NUMBERS_COUNT > 0) return numbers[n % (NUMBERS_COUNT + !NUMBERS_COUNT)] + next_number() % 3 - 1;
    return n >> (64 - 1 - next_number() % (bits < 64 ? bits : 63));
}
static double draw_real(void) {
    uint64_t kind = next_number() % 6, n = next_number();
    if (kind == 0) return (double)(n % 20) - 5;
    if (kind == 1) return 0;
    if (kind == 2) return (double)(int64_t)n / 1e15;
    if (kind == 3 && NUMBERS_COUNT > 0) return (double)numbers[n % (NUMBERS_COUNT + !NUMBERS_COUNT)];
    return (double)(int64_t)n / 4294967296.0 / 1000.0;
}
static size_t draw_length(void) { uint64_t n = next_number(); return n % 8 == 0 ? n / 8 % 200 : n / 8 % 17; }
static void fill(void *place, size_t count, int bits, int real) {
    for (size_t i = 0; i < count; i++) {
        uint64_t n = draw(bits);
        double d = real ? draw_real() : 0;
        if (real && bits == 64) ((double *)place)[i] = d;
        else if (real) ((float *)place)[i] = (float)d;
        else if (bits == 8) ((uint8_t *)place)[i] = (uint8_t)n;
        else if (bits == 16) ((uint16_t *)place)[i] = (uint16_t)n;
        else if (bits == 32) ((uint32_t *)place)[i] = (uint32_t)n;
        else ((uint64_t *)place)[i] = n;
    }
}
static char *draw_text(void) {
    static const char letters[] = "aaabbcdeeefgxyzABZ0129 ._-+*/=(){}[]\"'\\,;:<>&|!?#%@\t\n";
    static char text[256];
    size_t length = 0, want = draw_length() % 40;
    uint64_t kind = next_number() % 4;
    while (length < want) {
        if (TEXTS_COUNT > 0 && kind != 0 && next_number() % 3 == 0) {
            const char *part = texts[next_number() % (TEXTS_COUNT + !TEXTS_COUNT)];
            for (; *part && length < 200; part++) text[length++] = *part;
            if (kind == 1) break;
        } else if (next_number() % 3 == 0) {
            length += (size_t)sprintf(text + length, "%d", (int)(next_number() % 2000));
        } else {
            text[length++] = letters[next_number() % (kind == 3 ? 17 : sizeof letters - 1)];
        }
    }
    text[length] = 0;
    return text;
}
static void *twin(const void *from, size_t size) {
    void *place = malloc(size ? size : 1);
    if (!place) _exit(7);
    memcpy(place, from, size);
    return place;
}
static void *loose(const void *from, size_t size, int filling) {
    /* What is read behind the end differs from side to side, so that no two agree by chance. */
    char *place = malloc(size + 4096);
    if (!place) _exit(7);
    memset(place, filling, size + 4096);
    memcpy(place, from, size);
    return place;
}
static int same_real(double a, double b) {
    if (a == b || (isnan(a) && isnan(b))) return 1;
    return fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b));
}
static void differ(const char *format, ...) {
    va_list list;
    S->differing[S->op]++;
    if (S->told < TOLD) {
        char *line = S->lines[S->told++];
        int n = snprintf(line, 700, "%s", S->shown);
        va_start(list, format);
        vsnprintf(line + n, 200, format, list);
        va_end(list);
    }
}
static void arm(int seconds) {
    struct itimerval working = {{0, 0}, {seconds, 0}}, waiting = {{0, 0}, {10 * seconds, 0}};
    setitimer(ITIMER_PROF, &working, 0);
    setitimer(ITIMER_REAL, &waiting, 0);
}
static void begin(int op, const char *name) {
    S->op = op;
    S->phase = NOTHING;
    show("%s%s(", shown_at ? "; " : "", name);
}

static void run(void (*body)(void), uint64_t cases, uint64_t salt) {
    int deaths = 0, hung = 0;
    for (S->at = 0; S->at < cases && deaths < 12 && hung < 3;) {
        fflush(0);
        pid_t child = fork();
        if (child < 0) { perror("fork"); exit(9); }
        if (child == 0) {
            int nowhere = open("/dev/null", O_RDWR);
            dup2(nowhere, 0); dup2(nowhere, 1); dup2(nowhere, 2);
            for (; S->at < cases && S->differing[S->op] < ENOUGH; S->at++) {
                shown_at = 0;
                S->shown[0] = 0;
                S->phase = NOTHING;
                state = SEED * 1000003ull + salt * 7919ull + S->at * 104729ull;
                next_number();
                body();
            }
            _exit(0);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
        int late = WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGPROF);
        deaths++;
        hung += late;
        if (S->phase == ORACLE) S->undefined[S->op]++;
        else if (S->phase == CANDIDATE && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
            S->undefined[S->op]++; /* out of memory, which any side may be first to meet */
        } else if (S->phase == CANDIDATE) {
            differ("): the candidate %s", late ? "does not return" : "stops the process");
        }
        S->at++;
    }
}
"""
