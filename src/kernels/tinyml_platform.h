/*
 * What differs between the places where the kernels run: WebAssembly, the AVR of an Arduino Uno, a Cortex-M, a PC.
 *
 * AVR has two address spaces: constants that shall stay in flash are marked TINYML_FLASH and read through TINYML_READ_*.
 * Everywhere else flash is plain memory and the macros are plain reads. (Only __AVR__ decides: other Arduino cores have
 * a pgmspace.h too, but on 64-bit hosts its pgm_read_dword reads eight bytes.)
 */
#ifndef TINYML_PLATFORM_H
#define TINYML_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
#define TINYML_FLASH PROGMEM
#define TINYML_READ_INT8(address) ((int8_t)pgm_read_byte(address))
#define TINYML_READ_UINT8(address) pgm_read_byte(address)
#define TINYML_READ_INT16(address) ((int16_t)pgm_read_word(address))
#define TINYML_READ_UINT16(address) ((uint16_t)pgm_read_word(address))
#define TINYML_READ_INT32(address) ((int32_t)pgm_read_dword(address))
#define TINYML_READ_INT64(address) \
  ((int64_t)((uint64_t)pgm_read_dword(address) | (uint64_t)pgm_read_dword((const uint32_t *)(address) + 1) << 32))
#define TINYML_READ_FLOAT(address) pgm_read_float(address)
#define TINYML_READ_STRUCT(to, address) memcpy_P(&(to), address, sizeof(to))
#else
#define TINYML_FLASH
#define TINYML_READ_INT8(address) (*(address))
#define TINYML_READ_UINT8(address) (*(address))
#define TINYML_READ_INT16(address) (*(address))
#define TINYML_READ_UINT16(address) (*(address))
#define TINYML_READ_INT32(address) (*(address))
#define TINYML_READ_INT64(address) (*(address))
#define TINYML_READ_FLOAT(address) (*(address))
#define TINYML_READ_STRUCT(to, address) ((to) = *(address))
#endif

/*
 * Before a kernel's prototype: on AVR it stays a function of its own, whoever calls it how often. Inlining would save a
 * few bytes in some sketches, but then nobody could say before compiling how large a sketch becomes.
 */
#ifdef __AVR__
#define TINYML_KERNEL __attribute__((noinline))
#else
#define TINYML_KERNEL
#endif

/* Counts of elements: as wide as the addresses, so 16 bits on AVR and 32 in WebAssembly. */
typedef size_t tinyml_size;

/*
 * a * b + c must be rounded twice, everywhere: a fused multiply-add rounds once and gives other bits. The Arduino IDE
 * fixes the compiler's flags, so the sources have to say it. (AVR has no such instruction, and needs no pragma.)
 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__) && !defined(__AVR__)
#pragma GCC optimize("fp-contract=off")
#endif

#endif
