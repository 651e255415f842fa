/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/string.h>
#include <guest/test.h>

struct start_info *boot_info;
volatile struct vcpu_info *boot_vcpu_info;

void guest_main(struct start_info *info);

/* The text after `key=`, at the start of a word; NULL when absent. */
static const char *option_find(const char *key)
{
	const char *line = (const char *)boot_info->cmd_line;
	size_t len = strlen(key);

	for (const char *p = line; *p; p++) {
		bool word = p == line || p[-1] == ' ';

		if (word && strncmp(p, key, len) == 0 && p[len] == '=') {
			return p + len + 1;
		}
	}
	return NULL;
}

uint64_t boot_option(const char *key, uint64_t otherwise)
{
	const char *p = option_find(key);
	uint64_t value = 0;

	if (!p || *p < '0' || *p > '9') {
		return otherwise;
	}
	while (*p >= '0' && *p <= '9') {
		value = value * 10 + (uint64_t)(*p++ - '0');
	}
	return value;
}

bool boot_option_word(const char *key, char *buf, size_t size)
{
	const char *p = option_find(key);
	size_t n = 0;

	if (!p) {
		return false;
	}
	while (p[n] && p[n] != ' ' && n + 1 < size) {
		buf[n] = p[n];
		n++;
	}
	buf[n] = '\0';
	return true;
}

void boot_shutdown(unsigned int reason)
{
	struct sched_shutdown op = {.reason = reason};

	for (;;) {
		hc_sched_op(SCHEDOP_shutdown, &op);
	}
}

void guest_main(struct start_info *info)
{
	boot_info = info;
	mm_init();
	boot_vcpu_info = &boot_shared_info->vcpu_info[0];
	event_init();
	traps_init();
	tests_run();
	boot_shutdown(SHUTDOWN_poweroff);
}
