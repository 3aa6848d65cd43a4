/*
 * Measures one run of a model on the first sample of standard input; writes two 32-bit numbers: ticks of a timer that the
 * run took, and bytes of stack.
 */
#include <stdint.h>
#include <stdio.h>

#include "tinyml_model.h"

/* Timer 0 of the MPS2 boards (CMSDK APB timer): counts down. */
typedef struct {
  volatile uint32_t control, value, reload;
} timer_registers;
#define TIMER ((timer_registers *)0x40000000u)

extern uint32_t stack_bottom[];
static const uint32_t paint = 0xa5a5a5a5u;

static void nothing(void) {}

/* Ticks that a function takes, with what it takes to ask. */
static uint32_t ticks_of(void (*volatile function)(void)) {
  uint32_t before = TIMER->value;
  function();
  return before - TIMER->value;
}

int main(void) {
  fread(TINYML_MODEL_INPUT, sizeof *TINYML_MODEL_INPUT, TINYML_MODEL_INPUT_LENGTH, stdin);
  uint32_t *here = __builtin_frame_address(0);
  for (volatile uint32_t *at = stack_bottom; at < here - 32; at++) *at = paint;
  TIMER->reload = 0xffffffffu;
  TIMER->value = 0xffffffffu;
  TIMER->control = 1;
  uint32_t asking = ticks_of(nothing);
  uint32_t ticks = ticks_of(tinyml_model_run) - asking;
  uint32_t *used = stack_bottom;
  while (*used == paint) used++;
  uint32_t measured[] = {ticks, (uint32_t)((here - used) * 4)};
  fwrite(measured, sizeof measured, 1, stdout);
  return 0;
}
