"""The dialect: what MicroPython's grammar and compiler lack."""
from .change import change

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
