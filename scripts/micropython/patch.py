"""This project's changes to MicroPython's source, applied once to a fresh copy of it: patch.py FOLDER.

Each change names a file, text that must stand there exactly once, and what replaces it. A source in which an anchor is
missing is refused. What each change is for stands beside it; Tests/Python/language.py tests each.
"""
import pathlib
import sys

changes = []


def change(file, old, new, times=1):
    changes.append((file, old, new, times))


# --- isolation: the typecodes whose value is a pointer ---

for size in ("size = sizeof(void *);", "align = alignof(void *);\n                    size = sizeof(void *);"):
    change("py/binary.c", f"""                case 'P':
                case 'O':
                case 'S':
                    {size}
                    break;
""", "")

# --- the port's functions that the changes below call; mpy-cross is built without them ---

change("py/runtime.h", """#include "py/cstack.h"
""", """#include "py/cstack.h"
#ifdef PYTHON_PORT
#include "hooks.h"
#endif
""")

# --- arrays in arithmetic: they are asked first, before a float on the left converts them to a float ---

change("py/runtime.c", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
""", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
    #ifdef PYTHON_PORT
    if (MP_UNLIKELY(python_is_array(rhs)) && !python_is_array(lhs)) {
        mp_obj_t result = python_reversed_binary_op(op, lhs, rhs);
        if (result != MP_OBJ_NULL) return result;
    }
    #endif
""")

# --- format specifications: arrays are formatted as their only element, and classes by their __format__ ---

change("py/objstr.c", """#include "py/objlist.h"
""", """#include "py/objlist.h"
#include "py/objtype.h"
""")
change("py/objstr.c", """        if (!format_spec && !conversion) {
            conversion = 's';
        }
""", """        #ifdef PYTHON_PORT
        if (!conversion && format_spec && python_is_array(arg)) {
            arg = python_format_value(arg);
        } else if (!conversion && mp_obj_is_instance_type(mp_obj_get_type(arg))) {
            mp_obj_t method[3];
            mp_load_method_maybe(arg, MP_QSTR___format__, method);
            if (method[0] != MP_OBJ_NULL) {
                vstr_t spec;
                if (format_spec) {
                    spec = mp_obj_str_format_helper(format_spec, str, arg_i, n_args, args, kwargs);
                } else {
                    vstr_init(&spec, 1);
                }
                method[2] = mp_obj_new_str_from_vstr(&spec);
                mp_obj_print_helper(&print, mp_call_method_n_kw(1, 0, method), PRINT_STR);
                continue;
            }
        }
        #endif
        if (!format_spec && !conversion) {
            conversion = 's';
        }
""")

# --- maps keep the order of insertion (port/ordered_map.h) ---

change("py/obj.h", """    size_t alloc;
    mp_map_elem_t *table;
} mp_map_t;
""", """    size_t alloc;
    mp_map_elem_t *table;
    size_t filled;
} mp_map_t;
""")
change("py/objdict.c", """    mp_obj_t other_out = mp_obj_new_dict(self->map.alloc);
    mp_obj_dict_t *other = MP_OBJ_TO_PTR(other_out);
    other->base.type = self->base.type;
    other->map.used = self->map.used;
    other->map.all_keys_are_qstrs = self->map.all_keys_are_qstrs;
    other->map.is_fixed = 0;
    other->map.is_ordered = self->map.is_ordered;
    memcpy(other->map.table, self->map.table, self->map.alloc * sizeof(mp_map_elem_t));
""", """    mp_obj_t other_out = mp_obj_new_dict(self->map.used);
    mp_obj_dict_t *other = MP_OBJ_TO_PTR(other_out);
    other->base.type = self->base.type;
    for (size_t i = 0; i < self->map.alloc; i++) {
        if (!mp_map_slot_is_filled(&self->map, i)) {
            continue;
        }
        mp_map_lookup(&other->map, self->map.table[i].key, MP_MAP_LOOKUP_ADD_IF_NOT_FOUND)->value = self->map.table[i].value;
    }
""")
change("py/objdict.c", """    if (self->map.is_ordered) {
        cur = self->map.used - 1;
    }
""", """    for (cur = self->map.alloc - 1; !mp_map_slot_is_filled(&self->map, cur); cur--) {
    }
""")


def own_maps(root):
    path = root / "py/map.c"
    text = path.read_text()
    start, end = text.index("void mp_map_init(mp_map_t *map, size_t n) {"), text.index("/" + "*" * 78 + "/\n/* set ")
    own = (pathlib.Path(__file__).parent / "../../Sources/Python/port/ordered_map.h").read_text()
    path.write_text(text[:start] + own + "\n" + text[end:])


# --- floats: printed with the fewest digits that read back, and read exactly (Interface/decimal.c) ---

# (mpy-cross, which has no decimal.c, writes the constants of frozen modules with 17 digits.)
change("py/mpconfig.h", "#ifndef MICROPY_INCLUDED_PY_MPCONFIG_H\n", """#ifndef MICROPY_INCLUDED_PY_MPCONFIG_H
#define FLOAT_REPR_FORMAT (FLOAT_REPR_IS_EXACT ? 'r' : 'g')
#ifdef PYTHON_PORT
#define FLOAT_REPR_IS_EXACT (1)
#else
#define FLOAT_REPR_IS_EXACT (0)
#endif
""")
change("py/objfloat.c", "    const int precision = 16;", "    const int precision = 17;")
change("py/objcomplex.c", "    const int precision = 16;", "    const int precision = 17;")
change("py/objfloat.c", "mp_format_float(o_val, buf, sizeof(buf), 'g', precision, '\\0');",
       "mp_format_float(o_val, buf, sizeof(buf), FLOAT_REPR_FORMAT, precision, '\\0');")
change("py/objcomplex.c", "'g', precision, '\\0');", "FLOAT_REPR_FORMAT, precision, '\\0');", 3)
change("py/mpprint.c", """    char buf[32];
    char sign = '\\0';
    int chrs = 0;
""", """    char buf[800];
    char sign = '\\0';
    int chrs = 0;
""")
change("py/parsenum.c", """        parse_dec_in_t in = PARSE_DEC_IN_INTG;
        bool exp_neg = false;
""", """        #ifdef PYTHON_PORT
        const char *digits_start = str;
        #endif
        parse_dec_in_t in = PARSE_DEC_IN_INTG;
        bool exp_neg = false;
""")
change("py/parsenum.c", """        // apply the exponent, making sure it's not a subnormal value
""", """        #ifdef PYTHON_PORT
        dec_val = python_parse_decimal(digits_start, str, exp_val);
        if (false)
        #endif
        // apply the exponent, making sure it's not a subnormal value
""")
# The statements that `if (false)` skips must be one.
change("py/parsenum.c", """        exp_val += exp_extra + trailing_zeros_intg;
        dec_val = (mp_float_t)mantissa;
""", """        {
        exp_val += exp_extra + trailing_zeros_intg;
        dec_val = (mp_float_t)mantissa;
""")
change("py/parsenum.c", """            dec_val *= MICROPY_FLOAT_C_FUN(pow)(10, exp_val);
        }
    }

    if (allow_imag""", """            dec_val *= MICROPY_FLOAT_C_FUN(pow)(10, exp_val);
        }
        }
    }

    if (allow_imag""")

# --- slices can be made by name and compared ---

change("py/objslice.c", """    MP_TYPE_FLAG_NONE,
    unary_op, slice_unary_op,
""", """    MP_TYPE_FLAG_NONE,
    make_new, slice_make_new,
    binary_op, slice_binary_op,
    unary_op, slice_unary_op,
""")
change("py/objslice.c", """MP_DEFINE_CONST_OBJ_TYPE(
    mp_type_slice,
""", """static mp_obj_t slice_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    (void)type;
    mp_arg_check_num(n_args, n_kw, 1, 3, false);
    mp_obj_t start = n_args > 1 ? args[0] : mp_const_none;
    return mp_obj_new_slice(start, args[n_args > 1], n_args > 2 ? args[2] : mp_const_none);
}

static mp_obj_t slice_binary_op(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
    if (op != MP_BINARY_OP_EQUAL || !mp_obj_is_type(rhs, &mp_type_slice)) {
        return MP_OBJ_NULL;
    }
    mp_obj_slice_t *a = MP_OBJ_TO_PTR(lhs), *b = MP_OBJ_TO_PTR(rhs);
    return mp_obj_new_bool(mp_obj_equal(a->start, b->start) && mp_obj_equal(a->stop, b->stop) && mp_obj_equal(a->step, b->step));
}

MP_DEFINE_CONST_OBJ_TYPE(
    mp_type_slice,
""")

# --- exceptions: ValueError('x'), without the comma of a tuple ---

change("py/objexcept.c", """    mp_obj_tuple_print(print, MP_OBJ_FROM_PTR(o->args), kind);
}
""", """    if (o->args != NULL && o->args->len == 1) {
        mp_print_str(print, "(");
        mp_obj_print_helper(print, o->args->items[0], PRINT_REPR);
        mp_print_str(print, ")");
        return;
    }
    mp_obj_tuple_print(print, MP_OBJ_FROM_PTR(o->args), kind);
}
""")

# --- grammar: any expression as a decorator, `/` in parameter lists, `*x` and `**x` in displays, returns and subscripts ---

change("py/grammar.h", "DEF_RULE_NC(decorator, and(4), tok(OP_AT), rule(dotted_name), opt_rule(trailer_paren), tok(NEWLINE))",
       "DEF_RULE_NC(decorator, and(3), tok(OP_AT), rule(namedexpr_test), tok(NEWLINE))")
change("py/grammar.h", "DEF_RULE_NC(typedargslist_item, or(3), rule(typedargslist_name), rule(typedargslist_star), rule(typedargslist_dbl_star))",
       """DEF_RULE_NC(typedargslist_item, or(4), rule(typedargslist_name), rule(typedargslist_star), rule(typedargslist_dbl_star), rule(typedargslist_slash))
DEF_RULE_NC(typedargslist_slash, and(1), tok(OP_SLASH))""")
change("py/grammar.h", "DEF_RULE_NC(varargslist_item, or(3), rule(varargslist_name), rule(varargslist_star), rule(varargslist_dbl_star))",
       """DEF_RULE_NC(varargslist_item, or(4), rule(varargslist_name), rule(varargslist_star), rule(varargslist_dbl_star), rule(varargslist_slash))
DEF_RULE_NC(varargslist_slash, and(1), tok(OP_SLASH))""")
change("py/grammar.h", "DEF_RULE(return_stmt, c(return_stmt), and(2), tok(KW_RETURN), opt_rule(testlist))",
       "DEF_RULE(return_stmt, c(return_stmt), and(2), tok(KW_RETURN), opt_rule(testlist_star_expr))")
change("py/grammar.h", "DEF_RULE_NC(subscript, or(2), rule(subscript_3), rule(subscript_2))",
       "DEF_RULE_NC(subscript, or(3), rule(star_expr), rule(subscript_3), rule(subscript_2))")
change("py/grammar.h", "DEF_RULE_NC(dictorsetmaker, and_ident(2), rule(dictorsetmaker_item), opt_rule(dictorsetmaker_tail))",
       """DEF_RULE_NC(dictorsetmaker, and_ident(2), rule(dictorsetmaker_element), opt_rule(dictorsetmaker_tail))
DEF_RULE_NC(dictorsetmaker_element, or(3), rule(dict_unpack), rule(star_expr), rule(dictorsetmaker_item))
DEF_RULE(dict_unpack, c(dict_unpack), and(2), tok(OP_DBL_STAR), rule(expr))""")
change("py/grammar.h", "DEF_RULE_NC(dictorsetmaker_list2, list_with_end, rule(dictorsetmaker_item), tok(DEL_COMMA))",
       "DEF_RULE_NC(dictorsetmaker_list2, list_with_end, rule(dictorsetmaker_element), tok(DEL_COMMA))")

change("py/compile.c", """        // nodes[0] contains the decorator function, which is a dotted name
        mp_parse_node_t *name_nodes;
        size_t name_len = mp_parse_node_extract_list(&pns_decorator->nodes[0], PN_dotted_name, &name_nodes);

        // check for built-in decorators
        if (compile_built_in_decorator(comp, name_len, name_nodes, &emit_options)) {
            // this was a built-in
            num_built_in_decorators += 1;

        } else {
            // not a built-in, compile normally

            // compile the decorator function
            compile_node(comp, name_nodes[0]);
            for (size_t j = 1; j < name_len; j++) {
                assert(MP_PARSE_NODE_IS_ID(name_nodes[j])); // should be
                EMIT_ARG(attr, MP_PARSE_NODE_LEAF_ARG(name_nodes[j]), MP_EMIT_ATTR_LOAD);
            }

            // nodes[1] contains arguments to the decorator function, if any
            if (!MP_PARSE_NODE_IS_NULL(pns_decorator->nodes[1])) {
                // call the decorator function with the arguments in nodes[1]
                compile_node(comp, pns_decorator->nodes[1]);
            }
        }
""", """        // nodes[0] is an expression whose value is the decorator
        (void)compile_built_in_decorator;
        compile_node(comp, pns_decorator->nodes[0]);
""")
change("py/compile.c", """    if (pn_kind == PN_typedargslist_star || pn_kind == PN_varargslist_star) {
        comp->have_star = true;
""", """    if (pn_kind == PN_typedargslist_slash || pn_kind == PN_varargslist_slash) {
        // what stands before it is positional, and may be given by name too

    } else if (pn_kind == PN_typedargslist_star || pn_kind == PN_varargslist_star) {
        comp->have_star = true;
""")
change("py/compile.c", """        assert(MP_PARSE_NODE_IS_STRUCT(pn));
        pns = (mp_parse_node_struct_t *)pn;
        if (MP_PARSE_NODE_STRUCT_KIND(pns) == pn_name) {
            // named parameter with possible annotation
""", """        assert(MP_PARSE_NODE_IS_STRUCT(pn));
        pns = (mp_parse_node_struct_t *)pn;
        if (MP_PARSE_NODE_STRUCT_KIND(pns) == PN_typedargslist_slash || MP_PARSE_NODE_STRUCT_KIND(pns) == PN_varargslist_slash) {
            return;
        }
        if (MP_PARSE_NODE_STRUCT_KIND(pns) == pn_name) {
            // named parameter with possible annotation
""")

# --- compiler: displays with starred items are built item by item ---

change("py/compile.c", """static void compile_generic_tuple(compiler_t *comp, mp_parse_node_struct_t *pns) {
    // a simple tuple expression
    size_t num_nodes = MP_PARSE_NODE_STRUCT_NUM_NODES(pns);
""", """static bool has_starred_item(size_t n, mp_parse_node_t *nodes) {
    for (size_t i = 0; i < n; i++) {
        if (MP_PARSE_NODE_IS_STRUCT_KIND(nodes[i], PN_star_expr)) {
            return true;
        }
    }
    return false;
}

// leaves on the stack a list of the items, those of starred ones one by one
static void compile_starred_list(compiler_t *comp, size_t n, mp_parse_node_t *nodes) {
    EMIT_ARG(build, 0, MP_EMIT_BUILD_LIST);
    for (size_t i = 0; i < n; i++) {
        bool is_starred = MP_PARSE_NODE_IS_STRUCT_KIND(nodes[i], PN_star_expr);
        EMIT(dup_top);
        EMIT_ARG(load_method, is_starred ? MP_QSTR_extend : MP_QSTR_append, false);
        compile_node(comp, is_starred ? ((mp_parse_node_struct_t *)nodes[i])->nodes[0] : nodes[i]);
        EMIT_ARG(call_method, 1, 0, 0);
        EMIT(pop_top);
    }
}

// the same list as another type
static void compile_starred_display(compiler_t *comp, const mp_obj_type_t *type, size_t n, mp_parse_node_t *nodes) {
    EMIT_ARG(load_const_obj, MP_OBJ_FROM_PTR(type));
    compile_starred_list(comp, n, nodes);
    EMIT_ARG(call_function, 1, 0, 0);
}

static void compile_generic_tuple(compiler_t *comp, mp_parse_node_struct_t *pns) {
    // a simple tuple expression
    size_t num_nodes = MP_PARSE_NODE_STRUCT_NUM_NODES(pns);
    if (has_starred_item(num_nodes, pns->nodes)) {
        compile_starred_display(comp, &mp_type_tuple, num_nodes, pns->nodes);
        return;
    }
""")
change("py/compile.c", """            // list with N items
            compile_generic_all_nodes(comp, pns2);
""", """            // list with N items
            if (has_starred_item(MP_PARSE_NODE_STRUCT_NUM_NODES(pns2), pns2->nodes)) {
                compile_starred_list(comp, MP_PARSE_NODE_STRUCT_NUM_NODES(pns2), pns2->nodes);
                return;
            }
            compile_generic_all_nodes(comp, pns2);
""")
change("py/compile.c", """        // list with 1 item
        compile_node(comp, pns->nodes[0]);
""", """        // list with 1 item
        if (has_starred_item(1, pns->nodes)) {
            compile_starred_list(comp, 1, pns->nodes);
            return;
        }
        compile_node(comp, pns->nodes[0]);
""")
change("py/compile.c", """    // object who's index we want is on top of stack
    compile_node(comp, pns->nodes[0]); // the index
""", """    // object who's index we want is on top of stack
    if (has_starred_item(1, pns->nodes)) {
        compile_starred_display(comp, &mp_type_tuple, 1, pns->nodes);
        EMIT_ARG(subscr, MP_EMIT_SUBSCR_LOAD);
        return;
    }
    compile_node(comp, pns->nodes[0]); // the index
""")
change("py/compile.c", """static void compile_atom_brace_helper(compiler_t *comp, mp_parse_node_struct_t *pns, bool create_map) {
    mp_parse_node_t pn = pns->nodes[0];
""", """static void compile_dict_unpack(compiler_t *comp, mp_parse_node_struct_t *pns) {
    compile_syntax_error(comp, (mp_parse_node_t)pns, MP_ERROR_TEXT("invalid syntax"));
}

// {**a, 'k': v} and {*a, b}; returns false for displays without such items
static bool compile_starred_brace(compiler_t *comp, mp_parse_node_t pn) {
    mp_parse_node_t single[1] = { pn }, *rest = NULL;
    mp_parse_node_t *first = single;
    size_t n_rest = 0;
    if (MP_PARSE_NODE_IS_STRUCT_KIND(pn, PN_dictorsetmaker)) {
        mp_parse_node_struct_t *pns = (mp_parse_node_struct_t *)pn;
        if (!MP_PARSE_NODE_IS_STRUCT_KIND(pns->nodes[1], PN_dictorsetmaker_list)) {
            return false;
        }
        first = pns->nodes;
        mp_parse_node_struct_t *pns1 = (mp_parse_node_struct_t *)pns->nodes[1];
        n_rest = mp_parse_node_extract_list(&pns1->nodes[0], PN_dictorsetmaker_list2, &rest);
    }
    bool has_unpack = false, has_star = false;
    for (size_t i = 0; i <= n_rest; i++) {
        mp_parse_node_t item = i == 0 ? first[0] : rest[i - 1];
        has_unpack = has_unpack || MP_PARSE_NODE_IS_STRUCT_KIND(item, PN_dict_unpack);
        has_star = has_star || MP_PARSE_NODE_IS_STRUCT_KIND(item, PN_star_expr);
    }
    if (!has_unpack && !has_star) {
        return false;
    }
    if (!has_unpack) {
        // a set: by way of a list
        EMIT_ARG(load_const_obj, MP_OBJ_FROM_PTR(&mp_type_set));
        compile_starred_list(comp, 1, first);
        for (size_t i = 0; i < n_rest; i++) {
            EMIT(dup_top);
            EMIT_ARG(load_method, MP_QSTR_extend, false);
            compile_starred_list(comp, 1, &rest[i]);
            EMIT_ARG(call_method, 1, 0, 0);
            EMIT(pop_top);
        }
        EMIT_ARG(call_function, 1, 0, 0);
        return true;
    }
    EMIT_ARG(build, 0, MP_EMIT_BUILD_MAP);
    for (size_t i = 0; i <= n_rest; i++) {
        mp_parse_node_t item = i == 0 ? first[0] : rest[i - 1];
        if (MP_PARSE_NODE_IS_STRUCT_KIND(item, PN_dict_unpack)) {
            EMIT(dup_top);
            EMIT_ARG(load_method, MP_QSTR_update, false);
            compile_node(comp, ((mp_parse_node_struct_t *)item)->nodes[0]);
            EMIT_ARG(call_method, 1, 0, 0);
            EMIT(pop_top);
        } else if (MP_PARSE_NODE_IS_STRUCT_KIND(item, PN_dictorsetmaker_item)) {
            compile_node(comp, item);
            EMIT(store_map);
        } else {
            compile_syntax_error(comp, item, MP_ERROR_TEXT("expecting key:value for dict"));
            return true;
        }
    }
    return true;
}

static void compile_atom_brace_helper(compiler_t *comp, mp_parse_node_struct_t *pns, bool create_map) {
    mp_parse_node_t pn = pns->nodes[0];
    if (create_map && compile_starred_brace(comp, pn)) {
        return;
    }
""")

# --- compiler: the annotations of a class body are kept, in order, in __annotations__ ---
# Names and dotted names are evaluated; of `List[int]` the `List`; anything longer is kept as None.

change("py/compile.c", """        if (kind == PN_annassign) {
            // the annotation is in pns1->nodes[0] and is ignored
""", """        if (kind == PN_annassign) {
            // the annotation is in pns1->nodes[0]
            if (comp->scope_cur->kind == SCOPE_CLASS && MP_PARSE_NODE_IS_ID(pns->nodes[0])) {
                compile_annotation(comp, MP_PARSE_NODE_LEAF_ARG(pns->nodes[0]), pns1->nodes[0]);
            }
""")
change("py/compile.c", """static void compile_expr_stmt(compiler_t *comp, mp_parse_node_struct_t *pns) {
""", """static void compile_annotation(compiler_t *comp, qstr name, mp_parse_node_t pn) {
    if (MP_PARSE_NODE_IS_ID(pn) || (MP_PARSE_NODE_IS_LEAF(pn) && !MP_PARSE_NODE_IS_SMALL_INT(pn)
                                    && MP_PARSE_NODE_LEAF_KIND(pn) == MP_PARSE_NODE_STRING)) {
        compile_node(comp, pn);
    } else if (MP_PARSE_NODE_IS_STRUCT_KIND(pn, PN_atom_expr_normal)
               && MP_PARSE_NODE_IS_ID(((mp_parse_node_struct_t *)pn)->nodes[0])) {
        mp_parse_node_struct_t *pns = (mp_parse_node_struct_t *)pn;
        compile_node(comp, pns->nodes[0]);
        mp_parse_node_t *trailers = &pns->nodes[1];
        size_t n = mp_parse_node_extract_list(&pns->nodes[1], PN_atom_expr_trailers, &trailers);
        for (size_t i = 0; i < n && MP_PARSE_NODE_IS_STRUCT_KIND(trailers[i], PN_trailer_period); i++) {
            compile_node(comp, trailers[i]);
        }
    } else {
        EMIT_ARG(load_const_tok, MP_TOKEN_KW_NONE);
    }
    compile_load_id(comp, MP_QSTR___annotations__);
    EMIT_ARG(load_const_str, name);
    EMIT_ARG(subscr, MP_EMIT_SUBSCR_STORE);
}

static void compile_expr_stmt(compiler_t *comp, mp_parse_node_struct_t *pns) {
""")
change("py/compile.c", """        compile_store_id(comp, MP_QSTR___qualname__);

        check_for_doc_string(comp, pns->nodes[2]);
""", """        compile_store_id(comp, MP_QSTR___qualname__);
        EMIT_ARG(build, 0, MP_EMIT_BUILD_MAP);
        compile_store_id(comp, MP_QSTR___annotations__);

        check_for_doc_string(comp, pns->nodes[2]);
""")


def apply(root):
    for file, old, new, times in changes:
        path = root / file
        text = path.read_text()
        if text.count(old) != times:
            sys.exit(f"{path}: expected {times} times, found {text.count(old)} times:\n{old}")
        path.write_text(text.replace(old, new))
    own_maps(root)


if __name__ == "__main__":
    apply(pathlib.Path(sys.argv[1]))
