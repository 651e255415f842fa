/* SPDX-License-Identifier: MIT */
/*
 * The description of the registers that GDB reads as target.xml, generated
 * from regs.def. Registers are numbered by their order in the document, so
 * no number is ever written here.
 *
 * Spec: "Target Description Format" and "Standard Target Features, i386" in
 * GDB's manual.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"

struct flag {
	const char *name;
	unsigned int bit;
};

/* The FLAGS register, SDM 1 3.4.3. */
static const struct flag eflags_bits[] = {
	{"CF", 0},  {"PF", 2},  {"AF", 4},  {"ZF", 6},  {"SF", 7},
	{"TF", 8},  {"IF", 9},  {"DF", 10}, {"OF", 11}, {"NT", 14},
	{"RF", 16}, {"VM", 17}, {"AC", 18}, {"ID", 21}, {NULL, 0}};

/* MXCSR, SDM 1 10.2.3. */
static const struct flag mxcsr_bits[] = {
	{"IE", 0},  {"DE", 1},  {"ZE", 2},  {"OE", 3},  {"UE", 4},
	{"PE", 5},  {"DAZ", 6}, {"IM", 7},  {"DM", 8},  {"ZM", 9},
	{"OM", 10}, {"UM", 11}, {"PM", 12}, {"FZ", 15}, {NULL, 0}};

/* Control registers, SDM 3A 2.5; EFER, SDM 3A 2.2.1. */
static const struct flag cr0_bits[] = {
	{"PE", 0},  {"MP", 1},  {"EM", 2},  {"TS", 3},  {"ET", 4},  {"NE", 5},
	{"WP", 16}, {"AM", 18}, {"NW", 29}, {"CD", 30}, {"PG", 31}, {NULL, 0}};
static const struct flag cr4_bits[] = {
	{"VME", 0},    {"PVI", 1},      {"TSD", 2},         {"DE", 3},
	{"PSE", 4},    {"PAE", 5},      {"MCE", 6},         {"PGE", 7},
	{"PCE", 8},    {"OSFXSR", 9},   {"OSXMMEXCPT", 10}, {"UMIP", 11},
	{"LA57", 12},  {"VMXE", 13},    {"SMXE", 14},       {"FSGSBASE", 16},
	{"PCIDE", 17}, {"OSXSAVE", 18}, {"SMEP", 20},       {"SMAP", 21},
	{"PKE", 22},   {NULL, 0}};
static const struct flag efer_bits[] = {{"SCE", 0},  {"LME", 8},   {"LMA", 10},
                                        {"NXE", 11}, {"SVME", 12}, {NULL, 0}};

static void write_flags(FILE *f, const char *id, unsigned int size,
                        const struct flag *flags)
{
	fprintf(f, "<flags id=\"%s\" size=\"%u\">", id, size);
	for (; flags->name != NULL; flags++) {
		fprintf(f, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>",
		        flags->name, flags->bit, flags->bit);
	}
	fputs("</flags>", f);
}

static void write_vector_types(FILE *f)
{
	static const struct {
		const char *id;
		const char *of;
		unsigned int count;
	} vectors[] = {{"v4f", "ieee_single", 4}, {"v2d", "ieee_double", 2},
	               {"v16i8", "int8", 16},     {"v8i16", "int16", 8},
	               {"v4i32", "int32", 4},     {"v2i64", "int64", 2}};
	size_t nr = sizeof(vectors) / sizeof(vectors[0]);

	for (size_t i = 0; i < nr; i++) {
		fprintf(f, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>",
		        vectors[i].id, vectors[i].of, vectors[i].count);
	}
	fputs("<union id=\"vec128\">", f);
	for (size_t i = 0; i < nr; i++) {
		fprintf(f, "<field name=\"%s\" type=\"%s\"/>",
		        i == 0   ? "v4_float"
		        : i == 1 ? "v2_double"
		                 : vectors[i].id,
		        vectors[i].id);
	}
	fputs("<field name=\"uint128\" type=\"uint128\"/></union>", f);
}

/* Types must stand before the registers of the feature that uses them. */
static void write_types(FILE *f, const char *feature)
{
	if (strcmp(feature, "org.gnu.gdb.i386.core") == 0) {
		write_flags(f, "i386_eflags", 4, eflags_bits);
	} else if (strcmp(feature, "org.gnu.gdb.i386.sse") == 0) {
		write_vector_types(f);
		write_flags(f, "i386_mxcsr", 4, mxcsr_bits);
	} else if (strcmp(feature, "org.chronovisor.x86.system") == 0) {
		write_flags(f, "x64_cr0", 8, cr0_bits);
		write_flags(f, "x64_cr4", 8, cr4_bits);
		write_flags(f, "x64_efer", 8, efer_bits);
	}
}

static void write_register(FILE *f, unsigned int nr)
{
	const struct chv_reg_desc *reg = &chv_reg_table[nr];
	const char *group = "";

	if (nr >= CHV_REG_st0 && nr <= CHV_REG_fop) {
		group = " group=\"float\"";
	} else if (nr == CHV_REG_mxcsr) {
		group = " group=\"vector\"";
	}
	fprintf(f, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"%s/>", reg->name,
	        reg->bits, reg->type, group);
}

static void write_features(FILE *f)
{
	const char *feature = "";

	for (unsigned int nr = 0; nr < CHV_NR_REGS; nr++) {
		if (strcmp(feature, chv_reg_table[nr].feature) != 0) {
			if (nr > 0) {
				fputs("</feature>", f);
			}
			feature = chv_reg_table[nr].feature;
			fprintf(f, "<feature name=\"%s\">", feature);
			write_types(f, feature);
		}
		write_register(f, nr);
	}
	fputs("</feature>", f);
}

char *gdb_features_xml(void)
{
	char *xml = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&xml, &len);

	if (f == NULL) {
		return NULL;
	}
	fputs("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
	      "<target version=\"1.0\"><architecture>i386:x86-64</architecture>",
	      f);
	write_features(f);
	fputs("</target>", f);
	return fclose(f) == 0 ? xml : NULL;
}
