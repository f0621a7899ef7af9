using System.Runtime.InteropServices.Marshalling;

namespace TorchSharp.Interop;

[CustomMarshaller(typeof(Scalar), MarshalMode.ManagedToUnmanagedIn, typeof(ScalarMarshaller))]
internal static class ScalarMarshaller
{
    /// <summary>Null is the scalar that was not given.</summary>
    public static NativeScalar ConvertToUnmanaged(Scalar? scalar) => scalar?.Value ?? default;
}
