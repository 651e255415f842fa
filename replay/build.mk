# replay: the record/replay engine, freestanding; see include/rr/session.h.

RR_SRC := $(wildcard replay/*.c)
