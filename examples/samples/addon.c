/* A Node.js addon, as built on Alpine Linux. */
void *malloc(unsigned long);
int napi_create_object(void *, void **);
void *napi_register_module_v1(void *env, void *exports) {
  void *made = malloc(8);
  napi_create_object(env, &made);
  return exports;
}
