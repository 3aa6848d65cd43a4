/* Gives a C program on an ATmega standard input and output: the serial port, 250,000 baud at 16 MHz, byte by byte. */
#include <avr/io.h>
#include <stdio.h>

static int send(char byte, FILE *file) {
  (void)file;
  while (!(UCSR0A & (1 << UDRE0))) {
  }
  UDR0 = (uint8_t)byte;
  return 0;
}

static int receive(FILE *file) {
  (void)file;
  while (!(UCSR0A & (1 << RXC0))) {
  }
  return UDR0;
}

static FILE serial_port = FDEV_SETUP_STREAM(send, receive, _FDEV_SETUP_RW);

/* Runs before main. */
__attribute__((constructor)) static void open_serial_port(void) {
  UBRR0 = 3;
  UCSR0B = 1 << RXEN0 | 1 << TXEN0;
  stdin = stdout = stderr = &serial_port;
}
