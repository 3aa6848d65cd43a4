#pragma once
#include <Arduino.h>

struct Microphone {
  int begin(int channels, int hertz);
  void onReceive(void (*call)(void));
  int available();
  int read(void *to, size_t bytes);
};
extern Microphone PDM;
