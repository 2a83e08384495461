{
  "targets": [
    {
      "target_name": "fieldseal",
      "sources": [
        "native/addon.c",
        "native/failure.c",
        "native/memory.c",
        "native/notify.c",
        "native/pkcs11.c",
        "native/pkcs11_arguments.c",
        "native/pkcs11_module.c",
        "native/pkcs11_names.c",
        "native/pkcs11_results.c",
        "native/pkcs11_session.c",
        "native/pkcs11_worker.c",
        "native/pty.c"
      ],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE"],
      "cflags_c": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wshadow", "-Wstrict-prototypes", "-fvisibility=hidden"],
      # A thread that hangs in a token's library returns into this code, if ever: it is never unloaded.
      "ldflags": ["-Wl,-z,nodelete"],
      "libraries": ["-ldl", "-lpthread"]
    }
  ]
}
