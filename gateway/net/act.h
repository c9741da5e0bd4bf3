/*
 * act.h: carries out what core wants; its only interpreter.
 */
#ifndef ACT_H
#define ACT_H

#include "core/core.h"

struct worker;

/** Carry out the actions of the last call of core. */
void act(struct worker *w);
/** Tell core what could not be sent, and act again. */
void act_failed(struct worker *w);
/** Carry out one action whose stream this worker has, for another one. */
void act_back(struct worker *w, const struct core_action *a);

/** The index of that listener, or system, in snapshot `to`; UINT16_MAX (the
 * same as GW_SYSTEM_NONE) if it is not there. */
uint16_t act_listener(
    const struct snapshot *from, uint16_t listener, const struct snapshot *to);
uint16_t act_system(
    const struct snapshot *from, uint16_t system, const struct snapshot *to);

#endif
