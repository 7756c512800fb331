"""Parsing and compiling in time that grows with the text: tables grow by a part of their size, not by some entries, and what is
searched has an index. Recursion is bounded by the stack."""
from .change import change

POLL = """    #ifdef PYTHON_PORT
    python_poll();
    #endif
"""

# --- lexer ---

change("py/lexer.c", "static void next_char(mp_lexer_t *lex) {\n", "static void next_char(mp_lexer_t *lex) {\n" + POLL)
change("py/lexer.h", "    uint16_t *indent_level;\n", "    size_t *indent_level;\n")
change("py/lexer.c", """        lex->indent_level = m_renew(uint16_t, lex->indent_level, lex->alloc_indent_level, lex->alloc_indent_level + MICROPY_ALLOC_LEXEL_INDENT_INC);
        lex->alloc_indent_level += MICROPY_ALLOC_LEXEL_INDENT_INC;
""", """        lex->indent_level = m_renew(size_t, lex->indent_level, lex->alloc_indent_level, 2 * lex->alloc_indent_level);
        lex->alloc_indent_level *= 2;
""")
change("py/lexer.c", "m_new(uint16_t, lex->alloc_indent_level)", "m_new(size_t, lex->alloc_indent_level)")
change("py/lexer.c", "m_del(uint16_t, lex->indent_level,", "m_del(size_t, lex->indent_level,")

# --- parser: nodes lie in chunks, each twice as large as the one before, which are not resized for each node ---

change("py/parse.c", """    mp_parse_chunk_t *chunk = parser->cur_chunk;

    if (chunk != NULL && chunk->union_.used + num_bytes > chunk->alloc) {
        // not enough room at end of previously allocated chunk so try to grow
        mp_parse_chunk_t *new_data = (mp_parse_chunk_t *)m_renew_maybe(byte, chunk,
            sizeof(mp_parse_chunk_t) + chunk->alloc,
            sizeof(mp_parse_chunk_t) + chunk->alloc + num_bytes, false);
        if (new_data == NULL) {
            // could not grow existing memory; shrink it to fit previous
            (void)m_renew_maybe(byte, chunk, sizeof(mp_parse_chunk_t) + chunk->alloc,
                sizeof(mp_parse_chunk_t) + chunk->union_.used, false);
            chunk->alloc = chunk->union_.used;
            chunk->union_.next = parser->tree.chunk;
            parser->tree.chunk = chunk;
            chunk = NULL;
        } else {
            // could grow existing memory
            chunk->alloc += num_bytes;
        }
    }

    if (chunk == NULL) {
        // no previous chunk, allocate a new chunk
        size_t alloc = MICROPY_ALLOC_PARSE_CHUNK_INIT;
""", """    mp_parse_chunk_t *chunk = parser->cur_chunk;
    size_t previous_alloc = 0;

    if (chunk != NULL && chunk->union_.used + num_bytes > chunk->alloc) {
        // not enough room at the end: the rest is given back, and a new chunk begun
        previous_alloc = chunk->alloc;
        (void)m_renew_maybe(byte, chunk, sizeof(mp_parse_chunk_t) + chunk->alloc,
            sizeof(mp_parse_chunk_t) + chunk->union_.used, false);
        chunk->alloc = chunk->union_.used;
        chunk->union_.next = parser->tree.chunk;
        parser->tree.chunk = chunk;
        chunk = parser->cur_chunk = NULL;
    }

    if (chunk == NULL) {
        // no previous chunk, allocate a new chunk
        size_t alloc = MAX(MICROPY_ALLOC_PARSE_CHUNK_INIT, MIN(2 * previous_alloc, 64 * 1024));
""")
change("py/parse.c", """    mp_parse_chunk_t *chunk = parser->cur_chunk;
    if (chunk->data""", """    mp_parse_chunk_t *chunk = parser->cur_chunk;
    if (chunk != NULL && chunk->data""")
change("py/parse.c", """        rule_stack_t *rs = m_renew(rule_stack_t, parser->rule_stack, parser->rule_stack_alloc, parser->rule_stack_alloc + MICROPY_ALLOC_PARSE_RULE_INC);
        parser->rule_stack = rs;
        parser->rule_stack_alloc += MICROPY_ALLOC_PARSE_RULE_INC;
""", """        rule_stack_t *rs = m_renew(rule_stack_t, parser->rule_stack, parser->rule_stack_alloc, 2 * parser->rule_stack_alloc);
        parser->rule_stack = rs;
        parser->rule_stack_alloc *= 2;
""")
change("py/parse.c", """        mp_parse_node_t *stack = m_renew(mp_parse_node_t, parser->result_stack, parser->result_stack_alloc, parser->result_stack_alloc + MICROPY_ALLOC_PARSE_RESULT_INC);
        parser->result_stack = stack;
        parser->result_stack_alloc += MICROPY_ALLOC_PARSE_RESULT_INC;
""", """        mp_parse_node_t *stack = m_renew(mp_parse_node_t, parser->result_stack, parser->result_stack_alloc, 2 * parser->result_stack_alloc);
        parser->result_stack = stack;
        parser->result_stack_alloc *= 2;
""")
change("py/parse.c", """    next_rule:
        if (parser.rule_stack_top == 0) {
""", """    next_rule:
""" + POLL.replace("    ", "        ") + """        if (parser.rule_stack_top == 0) {
""")
change("py/parse.c", """    // Simplify and optimise certain rules, to reduce memory usage and simplify the compiler.
""", """    // A node's count has 24 bits.
    if (num_args >= (1 << 24) - 1) {
        mp_raise_msg(&mp_type_MemoryError, MP_ERROR_TEXT("too many items in one expression"));
    }
    // Simplify and optimise certain rules, to reduce memory usage and simplify the compiler.
""")

# --- names: interned strings have an index, and chunks of a size that grows ---

change("py/qstr.c", """// qstr_mutex must be taken while in this function
static qstr qstr_add(""", """#ifdef PYTHON_PORT
// Names made at run time are found by an index: open addressing, numbers of names plus 1, in a power of two of slots of which
// at most two thirds are taken. The constant pools are sorted.
MP_REGISTER_ROOT_POINTER(uint32_t *qstr_index);
#define qstr_index MP_STATE_VM(qstr_index)

static size_t index_hash(const char *str, size_t len) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (byte)str[i]) * 0x100000001b3u;
    }
    return hash ^ hash >> 32;
}

static void insert_in_index(uint32_t *index, size_t size, qstr q) {
    size_t slot = index_hash(qstr_str(q), qstr_len(q)) & (size - 1);
    while (index[slot] != 0) {
        slot = (slot + 1) & (size - 1);
    }
    index[slot] = q + 1;
}

// Makes room for one more name, beyond `count` of them.
static void enlarge_index(size_t count) {
    size_t size = qstr_index == NULL ? 0 : MP_STATE_VM(qstr_index_size);
    if (3 * (count + 1) <= 2 * size) {
        return;
    }
    size_t larger = size == 0 ? 64 : 2 * size;
    uint32_t *index = m_new0(uint32_t, larger);
    for (size_t i = 0; i < count; i++) {
        insert_in_index(index, larger, CONST_POOL.total_prev_len + CONST_POOL.len + i);
    }
    qstr_index = index;
    MP_STATE_VM(qstr_index_size) = larger;
}
#endif

// qstr_mutex must be taken while in this function
static qstr qstr_add(""")
change("py/mpstate.h", """    // pointer and sizes to store interned string data
""", """    size_t qstr_index_size;
    // pointer and sizes to store interned string data
""")
change("py/qstr.c", """    MP_STATE_VM(qstr_last_chunk) = NULL;

    #if MICROPY_PY_THREAD""", """    MP_STATE_VM(qstr_last_chunk) = NULL;
    #ifdef PYTHON_PORT
    MP_STATE_VM(qstr_index) = NULL;
    #endif

    #if MICROPY_PY_THREAD""")
change("py/qstr.c", """    // make sure we have room in the pool for a new qstr
""", """    #ifdef PYTHON_PORT
    // Before anything changes: this may run out of memory.
    enlarge_index(QSTR_TOTAL() - CONST_POOL.total_prev_len - CONST_POOL.len);
    #endif
    // make sure we have room in the pool for a new qstr
""")
change("py/qstr.c", """    // return id for the newly-added qstr
""", """    #ifdef PYTHON_PORT
    insert_in_index(qstr_index, MP_STATE_VM(qstr_index_size), MP_STATE_VM(last_pool)->total_prev_len + at);
    #endif
    // return id for the newly-added qstr
""")
change("py/qstr.c", """    // search pools for the data
    for (const qstr_pool_t *pool = MP_STATE_VM(last_pool); pool != NULL; pool = pool->prev) {
""", """    #ifdef PYTHON_PORT
    size_t mask = MP_STATE_VM(qstr_index_size) - 1;
    if (qstr_index != NULL) {
        for (size_t slot = index_hash(str, str_len) & mask; qstr_index[slot] != 0; slot = (slot + 1) & mask) {
            qstr q = qstr_index[slot] - 1;
            if (qstr_len(q) == str_len && memcmp(qstr_str(q), str, str_len) == 0) {
                return q;
            }
        }
    }
    const qstr_pool_t *pool = &CONST_POOL;
    #else
    const qstr_pool_t *pool = MP_STATE_VM(last_pool);
    #endif

    // search pools for the data
    for (; pool != NULL; pool = pool->prev) {
""")
change("py/qstr.c", """            // not enough room at end of previously interned string so try to grow
            char *new_p = m_renew_maybe(char, MP_STATE_VM(qstr_last_chunk), MP_STATE_VM(qstr_last_alloc), MP_STATE_VM(qstr_last_alloc) + n_bytes, false);
            if (new_p == NULL) {
                // could not grow existing memory; shrink it to fit previous
                (void)m_renew_maybe(char, MP_STATE_VM(qstr_last_chunk), MP_STATE_VM(qstr_last_alloc), MP_STATE_VM(qstr_last_used), false);
                MP_STATE_VM(qstr_last_chunk) = NULL;
            } else {
                // could grow existing memory
                MP_STATE_VM(qstr_last_alloc) += n_bytes;
            }
""", """            // not enough room at end of previously interned string: a new chunk, twice as large
            MP_STATE_VM(qstr_last_chunk) = NULL;
""")
change("py/qstr.c", """            if (al < MICROPY_ALLOC_QSTR_CHUNK_INIT) {
                al = MICROPY_ALLOC_QSTR_CHUNK_INIT;
            }
""", """            if (al < MICROPY_ALLOC_QSTR_CHUNK_INIT) {
                al = MICROPY_ALLOC_QSTR_CHUNK_INIT;
            }
            al = MAX(al, MIN(2 * MP_STATE_VM(qstr_last_alloc), 16 * 1024));
""")
change("py/qstr.c", """    MP_STATE_VM(last_pool) = (qstr_pool_t *)&CONST_POOL; //""", """    MP_STATE_VM(qstr_last_alloc) = 0;
    MP_STATE_VM(last_pool) = (qstr_pool_t *)&CONST_POOL; //""")

# --- compiler: identifiers of a scope and constants of a module have an index, the list of scopes has an end ---

change("py/scope.h", "    id_info_t *id_info;\n", """    id_info_t *id_info;
    uint32_t *index; // by name, positions in id_info plus 1; where there are more than a few (scope.c)
    uint32_t index_size;
""")
change("py/scope.c", """        scope->id_info = m_renew(id_info_t, scope->id_info, scope->id_info_alloc, scope->id_info_alloc + MICROPY_ALLOC_SCOPE_ID_INC);
        scope->id_info_alloc += MICROPY_ALLOC_SCOPE_ID_INC;
""", """        scope->id_info = m_renew(id_info_t, scope->id_info, scope->id_info_alloc, 2 * scope->id_info_alloc);
        scope->id_info_alloc *= 2;
""")
change("py/scope.c", """    id_info->qst = qst;
    return id_info;
""", """    id_info->qst = qst;
    if (scope->index != NULL && scope->index_size >= 2 * scope->id_info_alloc) {
        insert_in_index(scope, scope->id_info_len - 1);
    } else {
        scope->index = NULL;
    }
    return id_info;
""")
change("py/scope.c", """id_info_t *scope_find_or_add_id(scope_t *scope, qstr qst, id_info_kind_t kind) {
""", """static size_t slot_of(const scope_t *scope, qstr qst) {
    return (size_t)(((uint64_t)qst * 0x9e3779b97f4a7c15u) >> 32) & (scope->index_size - 1);
}

static void insert_in_index(scope_t *scope, uint32_t position) {
    size_t slot = slot_of(scope, scope->id_info[position].qst);
    while (scope->index[slot] != 0) {
        slot = (slot + 1) & (scope->index_size - 1);
    }
    scope->index[slot] = position + 1;
}

static void make_index(scope_t *scope) {
    uint32_t size = 64;
    while (size < 2 * scope->id_info_alloc) {
        size *= 2;
    }
    scope->index = m_new0(uint32_t, size);
    scope->index_size = size;
    for (uint32_t i = 0; i < scope->id_info_len; i++) {
        insert_in_index(scope, i);
    }
}

id_info_t *scope_find_or_add_id(scope_t *scope, qstr qst, id_info_kind_t kind) {
""")
change("py/scope.c", """id_info_t *scope_find(scope_t *scope, qstr qst) {
""", """id_info_t *scope_find(scope_t *scope, qstr qst) {
""" + POLL + """    if (scope->id_info_len > 16) {
        if (scope->index == NULL) {
            make_index(scope);
        }
        for (size_t slot = slot_of(scope, qst); scope->index[slot] != 0; slot = (slot + 1) & (scope->index_size - 1)) {
            id_info_t *id = &scope->id_info[scope->index[slot] - 1];
            if (id->qst == qst) {
                return id;
            }
        }
        return NULL;
    }
""")
change("py/scope.c", """#include "py/scope.h"
""", """#include "py/scope.h"
#include "py/runtime.h"
""")
change("py/compile.c", """                    *id_param = *id;
                    *id = temp;
""", """                    *id_param = *id;
                    *id = temp;
                    scope->index = NULL;
""")
change("py/compile.c", """        scope_t *s = comp->scope_head;
        while (s->next != NULL) {
            s = s->next;
        }
        s->next = scope;
    }
    return scope;
""", """        comp->scope_tail->next = scope;
    }
    comp->scope_tail = scope;
    return scope;
""")
change("py/compile.c", "    scope_t *scope_head;\n", "    scope_t *scope_head, *scope_tail;\n")

change("py/emit.h", "    mp_obj_list_t const_obj_list;\n", """    mp_obj_list_t const_obj_list;
    uint32_t *const_index; // by value, positions in const_obj_list plus 1
    size_t const_index_size;
""")
change("py/emitcommon.c", """size_t mp_emit_common_use_const_obj(mp_emit_common_t *emit, mp_obj_t const_obj) {
    for (size_t i = 0; i < emit->const_obj_list.len; ++i) {
        if (strictly_equal(emit->const_obj_list.items[i], const_obj)) {
            return i;
        }
    }
    mp_obj_list_append(MP_OBJ_FROM_PTR(&emit->const_obj_list), const_obj);
    return emit->const_obj_list.len - 1;
}
""", """// The slot of a constant: the one that holds its like, or an empty one.
static size_t const_slot(const mp_emit_common_t *emit, mp_obj_t const_obj) {
    size_t mask = emit->const_index_size - 1;
    uint64_t hash = (uint64_t)MP_OBJ_SMALL_INT_VALUE(mp_unary_op(MP_UNARY_OP_HASH, const_obj)) * 0x9e3779b97f4a7c15u;
    size_t slot = (hash >> 32) & mask;
    while (emit->const_index[slot] != 0 && !strictly_equal(emit->const_obj_list.items[emit->const_index[slot] - 1], const_obj)) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

size_t mp_emit_common_use_const_obj(mp_emit_common_t *emit, mp_obj_t const_obj) {
    if (2 * (emit->const_obj_list.len + 1) > emit->const_index_size) {
        size_t size = emit->const_index_size == 0 ? 16 : 2 * emit->const_index_size;
        emit->const_index = m_new0(uint32_t, size);
        emit->const_index_size = size;
        for (size_t i = 0; i < emit->const_obj_list.len; ++i) {
            emit->const_index[const_slot(emit, emit->const_obj_list.items[i])] = i + 1;
        }
    }
    size_t slot = const_slot(emit, const_obj);
    if (emit->const_index[slot] == 0) {
        mp_obj_list_append(MP_OBJ_FROM_PTR(&emit->const_obj_list), const_obj);
        emit->const_index[slot] = emit->const_obj_list.len;
    }
    return emit->const_index[slot] - 1;
}
""")
change("py/emitcommon.c", """static bool strictly_equal(mp_obj_t a, mp_obj_t b) {
""", """static bool strictly_equal(mp_obj_t a, mp_obj_t b) {
    mp_cstack_check();
""" + POLL)

# --- recursion over the tree of nodes ---

for start in ("static void compile_node(compiler_t *comp, mp_parse_node_t pn) {\n",
              "static void c_if_cond(compiler_t *comp, mp_parse_node_t pn, bool jump_if, int label) {\n",
              "static void c_assign(compiler_t *comp, mp_parse_node_t pn, assign_kind_t assign_kind) {\n",
              "static void c_del_stmt(compiler_t *comp, mp_parse_node_t pn) {\n"):
    change("py/compile.c", start, start + "    mp_cstack_check();\n" + POLL)

# --- constants: what is computed while a text is compiled stays small; the rest is computed, and fails, where it stands ---

change("py/parse.c", """static bool fold_constants(parser_t *parser, uint8_t rule_id, size_t num_args) {
""", """// Whether the result of an operator on constants may be large: then it is left to the running program.
static bool makes_large(mp_binary_op_t op, mp_obj_t left, mp_obj_t right) {
    if (op == MP_BINARY_OP_LSHIFT) {
        return !mp_obj_is_small_int(right) || MP_OBJ_SMALL_INT_VALUE(right) > 1024;
    }
    if (op == MP_BINARY_OP_POWER) {
        return !mp_obj_is_small_int(left) || !mp_obj_is_small_int(right) || MP_OBJ_SMALL_INT_VALUE(right) > 64;
    }
    return op == MP_BINARY_OP_MULTIPLY && !mp_obj_is_small_int(left) && !mp_obj_is_small_int(right);
}

static bool fold_constants(parser_t *parser, uint8_t rule_id, size_t num_args) {
""")
change("py/parse.c", """            arg0 = mp_binary_op(op, arg0, arg1);
""", """            if (makes_large(op, arg0, arg1)) {
                return false;
            }
            arg0 = mp_binary_op(op, arg0, arg1);
""", 2)
