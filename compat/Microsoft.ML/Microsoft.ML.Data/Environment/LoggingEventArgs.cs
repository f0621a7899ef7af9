using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>One message of a context.</summary>
public class LoggingEventArgs : EventArgs
{
    public LoggingEventArgs(string message) => Message = RawMessage = message;

    public LoggingEventArgs(string message, ChannelMessageKind kind, string source)
    {
        RawMessage = message;
        Kind = kind;
        Source = source;
        Message = $"[Source={source}, Kind={kind}] {message}";
    }

    /// <summary>The text with source and kind before it.</summary>
    public string Message { get; }

    public string RawMessage { get; }

    public ChannelMessageKind Kind { get; }

    public string Source { get; }
}
