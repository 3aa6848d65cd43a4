/*
 * Runs the int8 kernels for tests. Standard input holds one call after another, numbers separated by blanks: the kernel's
 * name, its scalar arguments in the order of tinyml_kernels.h, then its arrays. Prints the outputs, a line per call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tinyml_kernels.h"

static long read_number(void) {
  long value;
  if (scanf("%ld", &value) != 1) exit(2);
  return value;
}

static int8_t *read_int8(long count) {
  int8_t *values = malloc(count > 0 ? (size_t)count : 1);
  for (long i = 0; i < count; i++) values[i] = (int8_t)read_number();
  return values;
}

static void print_int8(const int8_t *values, long count) {
  for (long i = 0; i < count; i++) printf(i ? " %d" : "%d", values[i]);
  printf("\n");
}

static long arguments[8];

static void read_arguments(int count) {
  for (int i = 0; i < count; i++) arguments[i] = read_number();
}

int main(void) {
  char name[32];
  const long *a = arguments;
  while (scanf("%31s", name) == 1) {
    int8_t *input, *output;
    long count;
    if (strcmp(name, "dense") == 0) {
      long batch = read_number(), inputs = read_number(), outputs = read_number(), has_bias = read_number();
      read_arguments(5);
      input = read_int8(batch * inputs);
      int8_t *weights = read_int8(inputs * outputs);
      int32_t *bias = malloc((size_t)outputs * sizeof *bias);
      for (long i = 0; has_bias && i < outputs; i++) bias[i] = (int32_t)read_number();
      count = batch * outputs;
      output = malloc((size_t)count);
      tinyml_dense_int8(input, weights, has_bias ? bias : NULL, output, (tinyml_size)batch, (tinyml_size)inputs,
                        (tinyml_size)outputs, a[0], a[1], a[2], a[3], a[4]);
      free(weights);
      free(bias);
    } else if (strcmp(name, "softmax") == 0) {
      long batch = read_number(), classes = read_number();
      read_arguments(3);
      count = batch * classes;
      input = read_int8(count);
      output = malloc((size_t)count);
      tinyml_softmax_int8(input, output, (tinyml_size)batch, (tinyml_size)classes, a[0], a[1], a[2]);
    } else {
      count = read_number();
      read_arguments(strcmp(name, "relu") == 0 ? 6 : 4);
      input = read_int8(count);
      output = malloc((size_t)count);
      if (strcmp(name, "relu") == 0) {
        tinyml_relu_int8(input, output, (tinyml_size)count, a[0], a[1], a[2], a[3], a[4], a[5]);
      } else if (strcmp(name, "logistic") == 0) {
        tinyml_logistic_int8(input, output, (tinyml_size)count, a[0], a[1], a[2], a[3]);
      } else if (strcmp(name, "tanh") == 0) {
        tinyml_tanh_int8(input, output, (tinyml_size)count, a[0], a[1], a[2], a[3]);
      } else {
        return 2;
      }
    }
    print_int8(output, count);
    free(input);
    free(output);
  }
  return 0;
}
