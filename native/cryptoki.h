/*
 * The part of PKCS#11 that Fieldseal uses. Written from "PKCS #11 Cryptographic Token Interface Base Specification Version
 * 2.40" (OASIS Standard, 2015), sections 3 (types), 5 (functions) and appendix B (constants), and "Current Mechanisms
 * Specification Version 2.40", section 2.3 (elliptic curves). On Unix structures have their natural alignment (base, section 2.1).
 */
#ifndef FIELDSEAL_CRYPTOKI_H
#define FIELDSEAL_CRYPTOKI_H

typedef unsigned char CK_BYTE;
typedef unsigned char CK_BBOOL;
typedef unsigned char CK_UTF8CHAR;
typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;
typedef CK_ULONG CK_FLAGS;
typedef CK_ULONG CK_SLOT_ID;
typedef CK_ULONG CK_SESSION_HANDLE;
typedef CK_ULONG CK_OBJECT_HANDLE;
typedef CK_ULONG CK_ATTRIBUTE_TYPE;
typedef CK_ULONG CK_USER_TYPE;

#define CK_FALSE ((CK_BBOOL)0)
#define CK_TRUE ((CK_BBOOL)1)

#define CKF_RW_SESSION 0x00000002UL
#define CKF_SERIAL_SESSION 0x00000004UL
#define CKF_OS_LOCKING_OK 0x00000002UL
#define CKU_USER 1UL

#define CKM_EC_KEY_PAIR_GEN 0x00001040UL
#define CKM_ECDSA 0x00001041UL

#define CKR_OK 0x00000000UL
#define CKR_CANCEL 0x00000001UL
#define CKR_HOST_MEMORY 0x00000002UL
#define CKR_SLOT_ID_INVALID 0x00000003UL
#define CKR_GENERAL_ERROR 0x00000005UL
#define CKR_FUNCTION_FAILED 0x00000006UL
#define CKR_ARGUMENTS_BAD 0x00000007UL
#define CKR_NEED_TO_CREATE_THREADS 0x00000009UL
#define CKR_CANT_LOCK 0x0000000AUL
#define CKR_ATTRIBUTE_READ_ONLY 0x00000010UL
#define CKR_ATTRIBUTE_SENSITIVE 0x00000011UL
#define CKR_ATTRIBUTE_TYPE_INVALID 0x00000012UL
#define CKR_ATTRIBUTE_VALUE_INVALID 0x00000013UL
#define CKR_DATA_INVALID 0x00000020UL
#define CKR_DATA_LEN_RANGE 0x00000021UL
#define CKR_DEVICE_ERROR 0x00000030UL
#define CKR_DEVICE_MEMORY 0x00000031UL
#define CKR_DEVICE_REMOVED 0x00000032UL
#define CKR_FUNCTION_CANCELED 0x00000050UL
#define CKR_FUNCTION_NOT_SUPPORTED 0x00000054UL
#define CKR_KEY_HANDLE_INVALID 0x00000060UL
#define CKR_KEY_SIZE_RANGE 0x00000062UL
#define CKR_KEY_TYPE_INCONSISTENT 0x00000063UL
#define CKR_KEY_FUNCTION_NOT_PERMITTED 0x00000068UL
#define CKR_MECHANISM_INVALID 0x00000070UL
#define CKR_MECHANISM_PARAM_INVALID 0x00000071UL
#define CKR_OBJECT_HANDLE_INVALID 0x00000082UL
#define CKR_OPERATION_ACTIVE 0x00000090UL
#define CKR_OPERATION_NOT_INITIALIZED 0x00000091UL
#define CKR_PIN_INCORRECT 0x000000A0UL
#define CKR_PIN_INVALID 0x000000A1UL
#define CKR_PIN_LEN_RANGE 0x000000A2UL
#define CKR_PIN_EXPIRED 0x000000A3UL
#define CKR_PIN_LOCKED 0x000000A4UL
#define CKR_SESSION_CLOSED 0x000000B0UL
#define CKR_SESSION_COUNT 0x000000B1UL
#define CKR_SESSION_HANDLE_INVALID 0x000000B3UL
#define CKR_SESSION_PARALLEL_NOT_SUPPORTED 0x000000B4UL
#define CKR_SESSION_READ_ONLY 0x000000B5UL
#define CKR_SESSION_EXISTS 0x000000B6UL
#define CKR_SESSION_READ_ONLY_EXISTS 0x000000B7UL
#define CKR_SESSION_READ_WRITE_SO_EXISTS 0x000000B8UL
#define CKR_TEMPLATE_INCOMPLETE 0x000000D0UL
#define CKR_TEMPLATE_INCONSISTENT 0x000000D1UL
#define CKR_TOKEN_NOT_PRESENT 0x000000E0UL
#define CKR_TOKEN_NOT_RECOGNIZED 0x000000E1UL
#define CKR_TOKEN_WRITE_PROTECTED 0x000000E2UL
#define CKR_USER_ALREADY_LOGGED_IN 0x00000100UL
#define CKR_USER_NOT_LOGGED_IN 0x00000101UL
#define CKR_USER_PIN_NOT_INITIALIZED 0x00000102UL
#define CKR_USER_TYPE_INVALID 0x00000103UL
#define CKR_USER_ANOTHER_ALREADY_LOGGED_IN 0x00000104UL
#define CKR_USER_TOO_MANY_TYPES 0x00000105UL
#define CKR_DOMAIN_PARAMS_INVALID 0x00000130UL
#define CKR_CURVE_NOT_SUPPORTED 0x00000140UL
#define CKR_BUFFER_TOO_SMALL 0x00000150UL
#define CKR_CRYPTOKI_NOT_INITIALIZED 0x00000190UL
#define CKR_CRYPTOKI_ALREADY_INITIALIZED 0x00000191UL
#define CKR_FUNCTION_REJECTED 0x00000200UL
#define CKR_VENDOR_DEFINED 0x80000000UL

typedef struct {
  CK_BYTE major;
  CK_BYTE minor;
} CK_VERSION;

typedef struct {
  CK_VERSION cryptokiVersion;
  CK_UTF8CHAR manufacturerID[32];
  CK_FLAGS flags;
  CK_UTF8CHAR libraryDescription[32];
  CK_VERSION libraryVersion;
} CK_INFO;

typedef struct {
  CK_UTF8CHAR slotDescription[64];
  CK_UTF8CHAR manufacturerID[32];
  CK_FLAGS flags;
  CK_VERSION hardwareVersion;
  CK_VERSION firmwareVersion;
} CK_SLOT_INFO;

typedef struct {
  CK_UTF8CHAR label[32];
  CK_UTF8CHAR manufacturerID[32];
  CK_UTF8CHAR model[16];
  CK_UTF8CHAR serialNumber[16];
  CK_FLAGS flags;
  CK_ULONG ulMaxSessionCount;
  CK_ULONG ulSessionCount;
  CK_ULONG ulMaxRwSessionCount;
  CK_ULONG ulRwSessionCount;
  CK_ULONG ulMaxPinLen;
  CK_ULONG ulMinPinLen;
  CK_ULONG ulTotalPublicMemory;
  CK_ULONG ulFreePublicMemory;
  CK_ULONG ulTotalPrivateMemory;
  CK_ULONG ulFreePrivateMemory;
  CK_VERSION hardwareVersion;
  CK_VERSION firmwareVersion;
  CK_UTF8CHAR utcTime[16];
} CK_TOKEN_INFO;

typedef struct {
  CK_ATTRIBUTE_TYPE type;
  void *pValue;
  CK_ULONG ulValueLen;
} CK_ATTRIBUTE;

typedef struct {
  CK_ULONG mechanism;
  void *pParameter;
  CK_ULONG ulParameterLen;
} CK_MECHANISM;

typedef struct {
  CK_RV (*CreateMutex)(void **mutex);
  CK_RV (*DestroyMutex)(void *mutex);
  CK_RV (*LockMutex)(void *mutex);
  CK_RV (*UnlockMutex)(void *mutex);
  CK_FLAGS flags;
  void *pReserved;
} CK_C_INITIALIZE_ARGS;

/* A function of the list that nothing here calls. */
typedef CK_RV (*CK_UNUSED)(void);

typedef struct CK_FUNCTION_LIST CK_FUNCTION_LIST;

/* The order is the interface (base, section 3.6 and pkcs11f.h). */
struct CK_FUNCTION_LIST {
  CK_VERSION version;
  CK_RV (*C_Initialize)(void *arguments);
  CK_RV (*C_Finalize)(void *reserved);
  CK_RV (*C_GetInfo)(CK_INFO *info);
  CK_RV (*C_GetFunctionList)(CK_FUNCTION_LIST **list);
  CK_RV (*C_GetSlotList)(CK_BBOOL token_present, CK_SLOT_ID *slots, CK_ULONG *count);
  CK_RV (*C_GetSlotInfo)(CK_SLOT_ID slot, CK_SLOT_INFO *info);
  CK_RV (*C_GetTokenInfo)(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
  CK_UNUSED C_GetMechanismList;
  CK_UNUSED C_GetMechanismInfo;
  CK_UNUSED C_InitToken;
  CK_UNUSED C_InitPIN;
  CK_UNUSED C_SetPIN;
  CK_RV (*C_OpenSession)(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session);
  CK_RV (*C_CloseSession)(CK_SESSION_HANDLE session);
  CK_UNUSED C_CloseAllSessions;
  CK_UNUSED C_GetSessionInfo;
  CK_UNUSED C_GetOperationState;
  CK_UNUSED C_SetOperationState;
  CK_RV (*C_Login)(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length);
  CK_UNUSED C_Logout;
  CK_UNUSED C_CreateObject;
  CK_UNUSED C_CopyObject;
  CK_UNUSED C_DestroyObject;
  CK_UNUSED C_GetObjectSize;
  CK_RV (*C_GetAttributeValue)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count);
  CK_UNUSED C_SetAttributeValue;
  CK_RV (*C_FindObjectsInit)(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count);
  CK_RV (*C_FindObjects)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG limit, CK_ULONG *count);
  CK_RV (*C_FindObjectsFinal)(CK_SESSION_HANDLE session);
  CK_UNUSED C_EncryptInit;
  CK_UNUSED C_Encrypt;
  CK_UNUSED C_EncryptUpdate;
  CK_UNUSED C_EncryptFinal;
  CK_UNUSED C_DecryptInit;
  CK_UNUSED C_Decrypt;
  CK_UNUSED C_DecryptUpdate;
  CK_UNUSED C_DecryptFinal;
  CK_UNUSED C_DigestInit;
  CK_UNUSED C_Digest;
  CK_UNUSED C_DigestUpdate;
  CK_UNUSED C_DigestKey;
  CK_UNUSED C_DigestFinal;
  CK_RV (*C_SignInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
  CK_RV (*C_Sign)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *signature_length);
  CK_UNUSED C_SignUpdate;
  CK_UNUSED C_SignFinal;
  CK_UNUSED C_SignRecoverInit;
  CK_UNUSED C_SignRecover;
  CK_UNUSED C_VerifyInit;
  CK_UNUSED C_Verify;
  CK_UNUSED C_VerifyUpdate;
  CK_UNUSED C_VerifyFinal;
  CK_UNUSED C_VerifyRecoverInit;
  CK_UNUSED C_VerifyRecover;
  CK_UNUSED C_DigestEncryptUpdate;
  CK_UNUSED C_DecryptDigestUpdate;
  CK_UNUSED C_SignEncryptUpdate;
  CK_UNUSED C_DecryptVerifyUpdate;
  CK_UNUSED C_GenerateKey;
  CK_RV (*C_GenerateKeyPair)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public_attributes,
                             CK_ULONG public_count, CK_ATTRIBUTE *private_attributes, CK_ULONG private_count,
                             CK_OBJECT_HANDLE *public_key, CK_OBJECT_HANDLE *private_key);
  CK_UNUSED C_WrapKey;
  CK_UNUSED C_UnwrapKey;
  CK_UNUSED C_DeriveKey;
  CK_UNUSED C_SeedRandom;
  CK_UNUSED C_GenerateRandom;
  CK_UNUSED C_GetFunctionStatus;
  CK_UNUSED C_CancelFunction;
  CK_UNUSED C_WaitForSlotEvent;
};

#endif
