/* SPDX-License-Identifier: MIT */
/*
 * The only reader of host time: TSC, calibrated against PIT channel 2, and the
 * CMOS clock for the time of day at boot.
 */
#include <arch/cpu.h>
#include <arch/machine.h>
#include <hv/lib.h>
#include <hv/timer.h>

#define PIT_HZ     1193182UL
#define PIT_COUNT  59659 /* 50 ms */
#define CMOS_TRIES 1000000

/* Nanoseconds a tick, as a fraction of 2^32; exact to 2^-32 of a tick. */
#define SCALE_SHIFT 32

static u64 tsc_hz, tsc_scale, tsc_base, wallclock_base_ns;

u64 now_ns(void)
{
	u64 d = rdtsc() - tsc_base;

	return (u64)((unsigned __int128)d * tsc_scale >> SCALE_SHIFT);
}

u64 tsc_khz(void)
{
	return tsc_hz / 1000;
}

u64 boot_wallclock_ns(void)
{
	return wallclock_base_ns;
}

/* Channel 2 in mode 0, gated by port 0x61; its output is bit 5 there. */
static u64 calibrate(void)
{
	u64 t0, t1;
	u64 spins = 0;

	outb(0x61, (inb(0x61) & ~2) | 1);
	outb(0x43, 0xb0);
	outb(0x42, PIT_COUNT & 0xff);
	outb(0x42, PIT_COUNT >> 8);
	t0 = rdtsc();
	while (!(inb(0x61) & 0x20) && ++spins < 100000000) {
	}
	t1 = rdtsc();
	return (t1 - t0) * PIT_HZ / PIT_COUNT;
}

static u8 cmos(u8 reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static unsigned int from_bcd(u8 v)
{
	return (v >> 4) * 10U + (v & 15U);
}

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static u64 days_since_epoch(unsigned int y, unsigned int m, unsigned int d)
{
	unsigned int a = (14 - m) / 12;
	u64 yy = y + 4800 - a, mm = m + 12 * a - 3;

	return d + (153 * mm + 2) / 5 + 365 * yy + yy / 4 - yy / 100 +
	       yy / 400 - 32045 - 2440588;
}

/* Reads the CMOS clock between two of its updates (status A bit 7). */
static u64 cmos_seconds(void)
{
	unsigned int f[6], century;
	static const u8 reg[6] = {0, 2, 4, 7, 8, 9};
	bool bcd;

	for (unsigned int i = 0; i < CMOS_TRIES && (cmos(0x0a) & 0x80); i++) {
	}
	bcd = !(cmos(0x0b) & 4);
	for (unsigned int i = 0; i < 6; i++) {
		u8 v = cmos(reg[i]);

		f[i] = bcd ? from_bcd(v) : v;
	}
	century = f[5] < 70 ? 2000 : 1900;
	if (f[4] < 1 || f[4] > 12 || f[3] < 1 || f[3] > 31) {
		return 0;
	}
	return ((days_since_epoch(century + f[5], f[4], f[3]) * 24 + f[2]) *
	                60 +
	        f[1]) * 60 +
	       f[0];
}

void tsc_init(void)
{
	/* Whole kHz: what guests are told is then what is used here. */
	tsc_hz = calibrate() / 1000 * 1000;
	if (tsc_hz < 1000000) {
		tsc_hz = 1000000000;
		log_warn("TSC could not be calibrated: taken as 1 GHz");
	}
	tsc_scale = (1000000000UL << SCALE_SHIFT) / tsc_hz;
	tsc_base = rdtsc();
	wallclock_base_ns = cmos_seconds() * 1000000000UL;
	log_info("TSC %lu kHz", tsc_khz());
}
