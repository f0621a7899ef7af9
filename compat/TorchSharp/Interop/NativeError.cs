using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

/// <summary>Turns the message that the native library left on this thread into the exception that the real TorchSharp throws.</summary>
internal static class NativeError
{
    internal static ExternalException Last() => new(Marshal.PtrToStringUTF8(Native.mt_last_error()));

    internal static void Check(bool done)
    {
        if (!done) throw Last();
    }
}
