/*
 * Starts a program on a simulated Cortex-M, without a C library's help, and gives it files by semihosting, the way in
 * which Arm's debuggers serve a program that stops at a certain breakpoint: standard input is the file "inputs.bin" of the
 * folder in which the simulator runs, standard output "outputs.bin".
 */
#include <stdint.h>
#include <stdio.h>

/* Numbers of Arm's semihosting specification. */
enum { OPEN = 0x01, WRITE_TEXT = 0x04, WRITE = 0x05, READ = 0x06, EXIT = 0x20 };
enum { READ_BINARY = 1, WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };

static int semihosting(int operation, const void *arguments) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void leave(int status) {
  uintptr_t arguments[] = {APPLICATION_EXIT, (uintptr_t)status};
  semihosting(EXIT, arguments);
  for (;;) {
  }
}

FILE semihosting_input = {"inputs.bin", READ_BINARY, 0};
FILE semihosting_output = {"outputs.bin", WRITE_BINARY, 0};
FILE semihosting_errors = {":tt", WRITE_BINARY, 0};

/* Reads or writes; how many bytes it did. */
static size_t transfer(int operation, const void *bytes, size_t count, FILE *file) {
  if (file->handle == 0) {
    size_t length = 0;
    while (file->name[length]) length++;
    uintptr_t arguments[] = {(uintptr_t)file->name, (uintptr_t)file->mode, length};
    file->handle = semihosting(OPEN, arguments);
    if (file->handle <= 0) leave(3);
  }
  uintptr_t arguments[] = {(uintptr_t)file->handle, (uintptr_t)bytes, count};
  return count - (size_t)semihosting(operation, arguments);
}

size_t fread(void *to, size_t size, size_t count, FILE *file) { return transfer(READ, to, size * count, file) / size; }

size_t fwrite(const void *from, size_t size, size_t count, FILE *file) {
  return transfer(WRITE, from, size * count, file) / size;
}

int fflush(FILE *file) {
  (void)file;
  return 0;
}

int fprintf(FILE *file, const char *format, ...) {
  (void)file;
  return semihosting(WRITE_TEXT, format);
}

int main(void);
extern uint32_t data_in_flash[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

void start(void) {
#ifdef __ARM_FP
  /* The floating-point unit is off at first: CPACR, full access to coprocessors 10 and 11. */
  *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20;
  __asm__ volatile("dsb\n\tisb");
#endif
  for (uint32_t *to = data_start, *from = data_in_flash; to < data_end;) *to++ = *from++;
  for (uint32_t *to = bss_start; to < bss_end;) *to++ = 0;
  leave(main());
}

static void fault(void) {
  semihosting(WRITE_TEXT, "The processor stopped with a fault: a wrong address, or more stack than there is.\n");
  leave(2);
}

/* What the processor reads when it is switched on: stack pointer, first instruction, exceptions. */
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vectors = {stack_top, {start, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault}};
