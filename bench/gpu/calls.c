// Counts what a program asks of CUDA: kernels (those of libtorch itself; cuDNN and cuBLAS start theirs in other ways), copies, allocations, and calls that wait for the GPU. Preload it: LD_PRELOAD=calls.so. A process writes its counts to the error stream
// at SIGUSR1, and with CALLS_AT_END=1 at its end. CALLS_TRACE=1 also writes the stack of each of the first waits after the first SIGUSR1, as addresses in libraries.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KERNELS, COPIES, COPIES_THAT_WAIT, WAITS, ALLOCATIONS, KINDS };
static const char *names[KINDS] = {"kernels", "asynchronous copies and fills", "copies that wait", "waits", "allocations"};
static atomic_long counts[KINDS];
static atomic_int seen, traced;

static void report(int signal) {
  (void)signal;
  char text[512];
  int length = snprintf(text, sizeof text, "calls.so %d:", (int)getpid());
  for (int i = 0; i < KINDS; i++) length += snprintf(text + length, sizeof text - length, " %s %ld%s", names[i], atomic_exchange(&counts[i], 0), i < KINDS - 1 ? "," : "\n");
  write(2, text, length);
  atomic_store(&seen, 1);
}

static void count(int kind) {
  atomic_fetch_add(&counts[kind], 1);
  if ((kind == WAITS || kind == COPIES_THAT_WAIT) && atomic_load(&seen) && getenv("CALLS_TRACE") && atomic_fetch_add(&traced, 1) < 8) {
    void *stack[24];
    backtrace_symbols_fd(stack, backtrace(stack, 24), 2);
    write(2, "\n", 1);
  }
}

__attribute__((constructor)) static void start(void) { signal(SIGUSR1, report); }
__attribute__((destructor)) static void end(void) { if (getenv("CALLS_AT_END")) report(0); }

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name), *library = NULL;
  if (!function) library = dlopen("libcudart.so.13", RTLD_NOW);
  if (!function && !library) library = dlopen("libcudart.so.12", RTLD_NOW);
  return function || !library ? function : dlsym(library, name);
}

// All of these return an error code.
typedef long W;
typedef struct { unsigned x, y, z; } Dim3;
#define PASS(name, kind, parameters, arguments) \
  int name parameters { \
    static int(*real) parameters; \
    if (!real) real = next(#name); \
    count(kind); \
    return real ? real arguments : 35 /* cudaErrorInsufficientDriver */; \
  }
// What nvcc 13 calls.
PASS(__cudaLaunchKernel, KERNELS, (const void *f, Dim3 g, Dim3 b, void **a, size_t s, void *t), (f, g, b, a, s, t))
PASS(cudaLaunchKernel, KERNELS, (const void *f, Dim3 g, Dim3 b, void **a, size_t s, void *t), (f, g, b, a, s, t))
PASS(cudaLaunchKernelExC, KERNELS, (W c, W f, W a), (c, f, a))
PASS(cudaMemcpyAsync, COPIES, (W a, W b, W c, W d, W e), (a, b, c, d, e))
PASS(cudaMemsetAsync, COPIES, (W a, W b, W c, W d), (a, b, c, d))
PASS(cudaMemcpy, COPIES_THAT_WAIT, (W a, W b, W c, W d), (a, b, c, d))
PASS(cudaStreamSynchronize, WAITS, (W a), (a))
PASS(cudaDeviceSynchronize, WAITS, (void), ())
PASS(cudaEventSynchronize, WAITS, (W a), (a))
PASS(cudaMalloc, ALLOCATIONS, (W a, W b), (a, b))
PASS(cudaFree, ALLOCATIONS, (W a), (a))
PASS(cudaHostAlloc, ALLOCATIONS, (W a, W b, W c), (a, b, c))
