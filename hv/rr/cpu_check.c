/* SPDX-License-Identifier: MIT */
/*
 * The raw CPU under a trace: its answers to CPUID go into the header, because
 * user code reads them untrapped, and a replay wants the same; what would show
 * a guest something else the next time is refused by name (R15).
 */
#include <rr_hv/lifecycle.h>

#include <arch/cpu.h>
#include <arch/survives.h>
#include <hv/boot.h>
#include <hv/lib.h>

static const u32 leaves[] = {0,          1,          2,          7,
                             0x80000000, 0x80000001, 0x80000002, 0x80000003,
                             0x80000004, 0x80000008};

enum reg { EAX, EBX, ECX, EDX };

static const struct {
	u32 leaf;
	enum reg reg;
	unsigned int bit;
	const char *name, *switch_off;
} untrappable[] = {
	{1, ECX, 30, "RDRAND", "-rdrand"},
	{7, EBX, 18, "RDSEED", "-rdseed"},
	{7, ECX, 22, "RDPID", "-rdpid"},
	/* Under QEMU's TCG it leaves garbage in the flags. */
	{1, ECX, 13, "CMPXCHG16B", "-cx16"},
};

static bool leaf_present(u32 leaf)
{
	return cpuid(leaf & 0x80000000, 0).eax >= leaf;
}

static u32 reg_of(const struct cpuid_regs *r, enum reg which)
{
	const u32 words[] = {r->eax, r->ebx, r->ecx, r->edx};

	return words[which];
}

static bool state_survives(void)
{
	u32 lost = SURVIVES_NEEDED & ~survives_verdict();

	if (lost != 0) {
		log_warn("record: this CPU loses state when it is saved and "
		         "loaded (verdict %#x, needed %#x)",
		         survives_verdict(), SURVIVES_NEEDED);
	}
	return lost == 0;
}

bool cpu_recordable(void)
{
	bool ok = state_survives();
	char buf[8];

	for (unsigned int i = 0; i < ARRAY_SIZE(untrappable); i++) {
		u32 leaf = untrappable[i].leaf;
		struct cpuid_regs r;

		if (!leaf_present(leaf)) {
			continue;
		}
		r = cpuid(leaf, 0);
		if (reg_of(&r, untrappable[i].reg) >> untrappable[i].bit & 1) {
			log_warn("record: user code could use %s, which no "
			         "trace can hold: run the machine with -cpu "
			         "...,%s",
			         untrappable[i].name,
			         untrappable[i].switch_off);
			ok = false;
		}
	}
	return ok || boot_option("record-anyway", buf, sizeof(buf)) != NULL;
}

void cpu_describe(struct tf_super *sb)
{
	sb->fpu_verdict = survives_verdict();
	sb->nr_cpuid = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(leaves); i++) {
		struct cpuid_regs r;

		if (!leaf_present(leaves[i])) {
			continue;
		}
		r = cpuid(leaves[i], 0);
		sb->cpuid[sb->nr_cpuid++] = (struct tf_cpuid){
			leaves[i], 0, r.eax, r.ebx, r.ecx, r.edx};
	}
}

/* The brand string that the CPU gives itself (SDM 2A CPUID). */
static void brand(char text[49])
{
	for (unsigned int i = 0; i < 3; i++) {
		struct cpuid_regs r = cpuid(0x80000002 + i, 0);

		memcpy(text + 16 * i, &r, sizeof(r));
	}
	text[48] = '\0';
}

void cpu_name(struct tf_super *sb)
{
	char text[49];
	const char *p = text;

	if (!leaf_present(0x80000004)) {
		return;
	}
	brand(text);
	while (*p == ' ') {
		p++;
	}
	tf_super_text(sb->machine, sizeof(sb->machine), p);
}

bool cpu_same(const struct tf_super *sb)
{
	if (sb->fpu_verdict != survives_verdict()) {
		log_warn("replay: on the CPU of the trace other state survived "
		         "being saved and loaded: verdict %#x, here %#x",
		         sb->fpu_verdict, survives_verdict());
		return false;
	}
	for (u32 i = 0; i < sb->nr_cpuid; i++) {
		const struct tf_cpuid *c = &sb->cpuid[i];
		struct cpuid_regs r = {0};

		if (leaf_present(c->leaf)) {
			r = cpuid(c->leaf, c->subleaf);
		}
		if (r.eax != c->eax || r.ebx != c->ebx || r.ecx != c->ecx ||
		    r.edx != c->edx) {
			log_warn("replay: the trace is of another CPU: CPUID "
			         "leaf %#x differs; use the same -cpu as for "
			         "the recording",
			         c->leaf);
			return false;
		}
	}
	return true;
}
