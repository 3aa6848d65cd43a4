#pragma once
#include <Arduino.h>

struct TwoWire {
  void begin();
  void setClock(uint32_t hertz);
  void beginTransmission(uint8_t address);
  size_t write(uint8_t byte);
  uint8_t endTransmission(bool stop = true);
  size_t requestFrom(uint8_t address, size_t count);
  int read();
};
extern TwoWire Wire1;
