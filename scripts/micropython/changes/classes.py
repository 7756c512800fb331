"""Classes: an object is taken for an instance, or an instance's native part for what its class says, only once that is checked;
and walks over classes end, however many bases there are."""
from .change import change

# --- the native part of an instance, which is a placeholder until the native base's constructor has run ---

change("py/objtype.c", """    mp_obj_instance_t *self = MP_OBJ_TO_PTR(args[0]);
    const mp_obj_type_t *native_base = NULL;
    instance_count_native_bases(self->base.type, &native_base);
""", """    const mp_obj_type_t *native_base = NULL;
    if (!mp_obj_is_instance_type(mp_obj_get_type(args[0]))
        || instance_count_native_bases(mp_obj_get_type(args[0]), &native_base) == 0) {
        mp_raise_TypeError(MP_ERROR_TEXT("argument has wrong type"));
    }
    mp_obj_instance_t *self = MP_OBJ_TO_PTR(args[0]);
""")
# What the constructor has made may be of another type than its own (`reversed`): it is asked like any object.
change("py/objtype.c", """        const mp_obj_type_t *type = mp_obj_get_type(self->subobj[0]);
        if (type->flags & MP_TYPE_FLAG_ITER_IS_ITERNEXT) {
            return self->subobj[0];
        } else {
            if (iter_buf == NULL) {
                iter_buf = m_new_obj(mp_obj_iter_buf_t);
            }
            return ((mp_getiter_fun_t)MP_OBJ_TYPE_GET_SLOT(type, iter))(self->subobj[0], iter_buf);
        }
""", """        return mp_getiter(self->subobj[0], iter_buf);
""")
change("py/objtype.c", """        const mp_obj_type_t *type = mp_obj_get_type(self->subobj[0]);
        return MP_OBJ_TYPE_GET_SLOT(type, buffer)(self->subobj[0], bufinfo, flags);
""", """        return mp_get_buffer(self->subobj[0], bufinfo, flags) ? 0 : 1;
""")
change("py/objtype.c", """        mp_obj_instance_t *self = (mp_obj_instance_t *)MP_OBJ_TO_PTR(self_in);
        return self->subobj[0];
    }
}
""", """        if (!mp_obj_is_instance_type(self_type)) {
            return self_in;
        }
        mp_obj_instance_t *self = (mp_obj_instance_t *)MP_OBJ_TO_PTR(self_in);
        bool is_made = mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(self->subobj[0])), native_type);
        return is_made ? self->subobj[0] : MP_OBJ_NULL;
    }
}
""")
change("py/objexcept.c", """        return MP_OBJ_TO_PTR(((mp_obj_instance_t *)MP_OBJ_TO_PTR(self_in))->subobj[0]);
    }
""", """        // One that its `__init__` raises before its base class has made it has no arguments yet.
        mp_obj_instance_t *self = MP_OBJ_TO_PTR(self_in);
        if (!mp_obj_is_native_exception_instance(self->subobj[0])) {
            self->subobj[0] = mp_obj_exception_make_new(&mp_type_Exception, 0, 0, NULL);
        }
        return MP_OBJ_TO_PTR(self->subobj[0]);
    }
""")

# --- super: for instances and classes only, whatever `self` and `__class__` have become ---

change("py/objtype.c", """    assert(mp_obj_is_type(self->type, &mp_type_type));

    mp_obj_type_t *type = MP_OBJ_TO_PTR(self->type);

    struct class_lookup_data lookup = {
        .obj = MP_OBJ_TO_PTR(self->obj),
        .attr = attr,
        .slot_offset = 0,
        .dest = dest,
        .is_type = false,
    };
""", """    const mp_obj_type_t *type_of_obj = mp_obj_get_type(self->obj);
    bool is_class = type_of_obj == &mp_type_type;
    if (!mp_obj_is_type(self->type, &mp_type_type) || (!is_class && !mp_obj_is_instance_type(type_of_obj))
        || (self->type != MP_OBJ_FROM_PTR(&mp_type_object)
            && !mp_obj_is_subclass_fast(is_class ? self->obj : MP_OBJ_FROM_PTR(type_of_obj), self->type))) {
        mp_raise_TypeError(MP_ERROR_TEXT("super(type, obj): obj must be an instance or subtype of type"));
    }

    mp_obj_type_t *type = MP_OBJ_TO_PTR(self->type);

    struct class_lookup_data lookup = {
        .obj = MP_OBJ_TO_PTR(self->obj),
        .attr = attr,
        .slot_offset = 0,
        .dest = dest,
        .is_type = is_class,
    };
""")

# --- methods of built-in types that are reached through a class in Python check their first argument, too ---

change("py/objtype.c", """                    mp_convert_member_lookup(MP_OBJ_NULL, org_type, elem->value, lookup->dest);
""", """                    bool is_builtin = mp_obj_is_native_type(type) && type != &mp_type_object
                        && mp_obj_is_obj(elem->value) && !mp_obj_is_type(elem->value, &mp_type_classmethod);
                    mp_convert_member_lookup(MP_OBJ_NULL, is_builtin ? type : org_type, elem->value, lookup->dest);
""")

# --- hierarchies of any depth and width ---

for start in ("static int instance_count_native_bases(const mp_obj_type_t *type, const mp_obj_type_t **last_native_base) {\n",
              """static void mp_obj_class_lookup(struct class_lookup_data *lookup, const mp_obj_type_t *type) {
""",
              "bool mp_obj_is_subclass_fast(mp_const_obj_t object, mp_const_obj_t classinfo) {\n"):
    change("py/objtype.c", start, start + """    mp_cstack_check();
    #ifdef PYTHON_PORT
    python_poll();
    #endif
""")
