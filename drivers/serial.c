// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first serial port of a PC, a 16550 (National Semiconductor, PC16550D data sheet). Output
 * waits for the transmitter; input raises interrupt line 4.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/kernel_lock.h>
#include <arch/native.h>
#include <arch/traps.h>
#include <drivers/serial.h>

#define PORT 0x3f8
#define LINE 4

enum { DATA = 0, INTERRUPTS = 1, FIFO = 2, FORMAT = 3, MODEM = 4, STATUS = 5 };
enum { RECEIVED = 0x01, CAN_SEND = 0x20, ALL_SENT = 0x40 };

/* True if there is no port: every register reads as ones, and input would never end. */
static bool absent;

/*
 * Waits for a state of the line. Receives meanwhile: the port holds 16 bytes, and events may stay
 * masked for long.
 */
static void wait_for(uint8_t wanted)
{
	uint8_t status;

	while (!((status = port_read8(PORT + STATUS)) & wanted)) {
		bool events;

		if (!(status & RECEIVED))
			continue;
		events = events_mask();
		console_received();
		events_restore(events);
	}
}

static void send(char c)
{
	wait_for(CAN_SEND);
	port_write8(PORT + DATA, (uint8_t)c);
}

static void serial_write(const char *text, size_t length)
{
	if (absent)
		return;
	for (size_t i = 0; i < length; i++) {
		/* A terminal begins a line at its left edge only after "\r". */
		if (text[i] == '\n')
			send('\r');
		send(text[i]);
	}
}

static size_t serial_read(char *text, size_t max)
{
	size_t count = 0;

	while (!absent && count < max && (port_read8(PORT + STATUS) & RECEIVED))
		text[count++] = (char)port_read8(PORT + DATA);
	return count;
}

static void serial_drain(void)
{
	if (!absent)
		wait_for(ALL_SENT);
}

static void serial_interrupt(void)
{
	bool locked = kernel_lock_event();

	console_received();
	kernel_unlock_event(locked);
	native_end_of_interrupt();
}

static void serial_enable_input(void)
{
	if (absent)
		return;
	trap_set_handler(VECTOR_SERIAL, serial_interrupt);
	native_route_interrupt(LINE, VECTOR_SERIAL);
	port_write8(PORT + INTERRUPTS, 1); /* on input */
	/* Input that came before raised no interrupt. */
	console_received();
}

void serial_init(void)
{
	absent = port_read8(PORT + STATUS) == 0xff;
	if (absent)
		return;
	/* Enabling the FIFO clears it, and somebody may have typed already. */
	console_received();
	port_write8(PORT + INTERRUPTS, 0);
	port_write8(PORT + FORMAT, 0x80); /* the divisor ... */
	port_write8(PORT + DATA, 1);      /* ... is 1: 115200 baud */
	port_write8(PORT + INTERRUPTS, 0);
	port_write8(PORT + FORMAT, 0x03); /* 8 bits, no parity, 1 stop bit */
	port_write8(PORT + FIFO, 0x01);
	port_write8(PORT + MODEM, 0x0b); /* ready; "out 2" lets interrupts through */
}

const struct console_device serial_console = {"serial port", serial_write,        serial_read,
					      serial_drain,  serial_enable_input, NULL};
