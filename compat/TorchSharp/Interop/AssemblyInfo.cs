using System.Runtime.CompilerServices;

// Structs and booleans cross to the native library as they are, which is what compat/native/torch/api.h declares.
[assembly: DisableRuntimeMarshalling]
