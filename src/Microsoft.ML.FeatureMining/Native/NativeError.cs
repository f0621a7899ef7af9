using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>Errors of libtorch: the first line of the message says what is wrong; the other lines are a native stack trace.</summary>
internal static class NativeError
{
    /// <summary>Whether the message has a native stack trace.</summary>
    public static bool HasTrace(ExternalException e) => e.Message.Contains('\n');

    /// <summary>The same error without the stack trace, which its inner exception has.</summary>
    public static ExternalException WithoutTrace(ExternalException e) => new LibtorchException(FirstLine(e), e);

    public static string FirstLine(Exception e) => e.Message.Split('\n')[0].TrimEnd();

    private sealed class LibtorchException(string message, Exception inner) : ExternalException(message, inner);
}
