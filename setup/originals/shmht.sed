# Lets the Python 2 extension compile for Python 3: bytes for str, lengths of Py_ssize_t, the new way to make a module.
1i #define PY_SSIZE_T_CLEAN
s/int idx, key_size\(, value_size\)\?;/int idx; Py_ssize_t key_size\1;/
s/PyString_FromStringAndSize/PyBytes_FromStringAndSize/
s/PyInt_FromLong/PyLong_FromLong/
s/PyEval_CallObject/PyObject_CallObject/
s/Py_BuildValue("(s#s#)", key->str, key->size, value->str, value->size)/Py_BuildValue("(y#y#)", key->str, (Py_ssize_t)key->size, value->str, (Py_ssize_t)value->size)/
s/^PyMODINIT_FUNC initshmht(void);/PyMODINIT_FUNC PyInit_shmht(void);/
/^PyMODINIT_FUNC initshmht(void)$/i static struct PyModuleDef shmht_module = {PyModuleDef_HEAD_INIT, "shmht", NULL, -1, shmht_methods};
s/^PyMODINIT_FUNC initshmht(void)$/PyMODINIT_FUNC PyInit_shmht(void)/
s/Py_InitModule("shmht", shmht_methods)/PyModule_Create(\&shmht_module)/
s/^        return;$/        return NULL;/
s/^\( *bzero(ht_map, sizeof(ht_map));\)$/\1 return m;/
