/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Takes back what an includer of messages.def defined. Included after it, every
 * time; hence no guard.
 */
#undef MESSAGE
#undef END
#undef NONE
#undef U32
#undef U64
#undef F64
#undef S64
#undef BOOL
#undef ENUM
#undef TEXT
#undef BYTES
#undef HAS_U32
#undef HAS_U64
#undef HAS_TEXT
#undef HAS_BYTES
#undef SUB
#undef OUTCOME
#undef REP_F64
#undef REP_U32
#undef REP_ENUM
#undef REP_TEXT
#undef REP_SUB
#undef CHOICE_BEGIN
#undef CHOICE
#undef CHOICE_END
