namespace Microsoft.ML.Runtime;

/// <summary>Where an exception comes from.</summary>
public interface IExceptionContext
{
    string ContextDescription { get; }

    /// <summary>Notes the origin on an exception about to be thrown.</summary>
    TException Process<TException>(TException ex)
        where TException : Exception;
}
