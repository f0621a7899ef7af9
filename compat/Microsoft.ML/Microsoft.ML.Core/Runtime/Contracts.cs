namespace Microsoft.ML.Runtime;

/// <summary>Checks, and the exceptions of those that fail. The context may be null.</summary>
internal static class Contracts
{
    private const string Mark = "ML_IsMarked";

    public static Exception Except(string message) => Except(null, message);

    public static Exception Except(this IExceptionContext context, string message) => Process(context, new InvalidOperationException(message));

    public static Exception Except(this IExceptionContext context, Exception inner, string message)
        => Process(context, new InvalidOperationException(message, inner));

    public static Exception ExceptParam(string name, string message) => ExceptParam(null, name, message);

    public static Exception ExceptParam(this IExceptionContext context, string name, string message)
        => Process(context, new ArgumentOutOfRangeException(name, message));

    public static Exception ExceptUserArg(this IExceptionContext context, string name, string message) => ExceptParam(context, name, message);

    public static Exception ExceptEmpty(string name) => ExceptParam(null, name, $"{name} cannot be null or empty");

    public static Exception ExceptDecode(string message) => ExceptDecode(null, message);

    public static Exception ExceptDecode(this IExceptionContext context, string message) => Process(context, new FormatException(message));

    public static Exception ExceptSchemaMismatch(this IExceptionContext context, string name, string role, string column)
        => ExceptParam(context, name, $"Could not find {role} column '{column}'");

    public static Exception ExceptSchemaMismatch(this IExceptionContext context, string name, string role, string column, string expected, string actual)
        => ExceptParam(context, name, $"Schema mismatch for {role} column '{column}': expected {expected}, got {actual}");

    public static void Check(bool holds, string message) => Check(null, holds, message);

    public static void Check(this IExceptionContext context, bool holds, string message)
    {
        if (!holds)
            throw Except(context, message);
    }

    public static void CheckParam(bool holds, string name, string message) => CheckParam(null, holds, name, message);

    public static void CheckParam(this IExceptionContext context, bool holds, string name, string message)
    {
        if (!holds)
            throw ExceptParam(context, name, message);
    }

    public static void CheckUserArg(this IExceptionContext context, bool holds, string name, string message) => CheckParam(context, holds, name, message);

    public static void CheckDecode(bool holds, string message)
    {
        if (!holds)
            throw ExceptDecode(null, message);
    }

    public static void CheckValue<T>(T value, string name)
        where T : class => CheckValue(null, value, name);

    public static void CheckValue<T>(this IExceptionContext context, T value, string name)
        where T : class
    {
        if (value is null)
            throw Process(context, new ArgumentNullException(name));
    }

    public static string CheckNonEmpty(string value, string name) => CheckNonEmpty(null, value, name);

    public static string CheckNonEmpty(this IExceptionContext context, string value, string name)
    {
        if (string.IsNullOrEmpty(value))
            throw ExceptParam(context, name, $"{name} cannot be null or empty");
        return value;
    }

    public static string CheckNonWhiteSpace(this IExceptionContext context, string value, string name)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw ExceptParam(context, name, $"{name} cannot be null or white space");
        return value;
    }

    public static void CheckAlive(this IHostEnvironment env)
    {
        if (env is ICancelable { IsCanceled: true })
            throw Process(env, new OperationCanceledException("Operation was canceled."));
    }

    /// <summary>Whether the exception was made here: loading wraps those, and lets others through.</summary>
    public static bool IsMarked(this Exception exception) => exception.Data.Contains(Mark);

    private static T Process<T>(IExceptionContext context, T exception)
        where T : Exception
    {
        exception.Data[Mark] = 1;
        return context is null ? exception : context.Process(exception);
    }
}
