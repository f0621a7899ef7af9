using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A pipe that nobody listens to; only those of text messages have listeners.</summary>
internal class Pipe<TMessage> : IPipe<TMessage>
{
    public Pipe(LocalEnvironment owner) => Owner = owner;

    public string ContextDescription => Owner.ContextDescription;

    protected LocalEnvironment Owner { get; }

    public virtual void Send(TMessage msg)
    {
    }

    public TException Process<TException>(TException ex)
        where TException : Exception => Owner.Process(ex);

    public virtual void Dispose()
    {
    }
}
