using System.Diagnostics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Hands messages to the context's listeners, and says when it starts and ends.</summary>
internal sealed class Channel : Pipe<ChannelMessage>, IChannel
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly string _source;
    private bool _disposed;

    public Channel(LocalEnvironment owner, string name)
        : base(owner)
    {
        _source = owner.FullName is { } outer ? $"{outer}; {name}" : name;
        Trace(MessageSensitivity.None, "Channel started");
    }

    public override void Send(ChannelMessage msg) => Owner.Dispatch(_source, msg);

    public void Trace(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Trace, sensitivity, fmt);

    public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Trace, sensitivity, fmt, args);

    public void Error(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Error, sensitivity, fmt);

    public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Error, sensitivity, fmt, args);

    public void Warning(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Warning, sensitivity, fmt);

    public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Warning, sensitivity, fmt, args);

    public void Info(MessageSensitivity sensitivity, string fmt) => Send(ChannelMessageKind.Info, sensitivity, fmt);

    public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(ChannelMessageKind.Info, sensitivity, fmt, args);

    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Trace(MessageSensitivity.None, "Channel finished. Elapsed {0:c}.", _watch.Elapsed);
        Trace(MessageSensitivity.None, "Channel disposed");
    }

    private void Send(ChannelMessageKind kind, MessageSensitivity sensitivity, string message) => Send(new ChannelMessage(kind, sensitivity, message));

    private void Send(ChannelMessageKind kind, MessageSensitivity sensitivity, string format, object[] args)
        => Send(new ChannelMessage(kind, sensitivity, format, args));
}
