/* What the generated sketches use of Arduino's interface, declared as the mbed, RP2040 and ESP32 cores have it: a sketch is checked by a compiler, but not against those cores. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { A0 = 14, A1, A2, A3, A4, A5, A6, A7 };
class __FlashStringHelper;
#define F(text) (reinterpret_cast<const __FlashStringHelper *>(text))

struct SerialPort {
  void begin(unsigned long baud);
  operator bool();
  size_t write(uint8_t byte);
  size_t write(const uint8_t *bytes, size_t count);
  size_t print(double value, int digits = 2);
  size_t println(const __FlashStringHelper *text);
  size_t println(long value);
  size_t println();
};
extern SerialPort Serial;

unsigned long micros(void);
void delay(unsigned long milliseconds);
int analogRead(int pin);
void analogReadResolution(int bits);
