using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Getters whose type is known only when the program runs.</summary>
internal static class Getters
{
    public static ValueGetter<TValue> Cast<TValue>(Delegate getter)
        => getter as ValueGetter<TValue> ?? throw Contracts.Except(
            $"Invalid TValue in GetGetter: '{typeof(TValue)}', expected type: '{getter.GetType().GetGenericArguments()[0]}'.");

    /// <summary>The getter of a column, with its raw type.</summary>
    public static Delegate Of(DataViewRow row, DataViewSchema.Column column) => (Delegate)Generic(typeof(Getters), nameof(OfTyped), [column.Type.RawType], row, column);

    /// <summary>Calls a static generic method of a class; what it throws comes through as it is.</summary>
    public static object Generic(Type owner, string method, Type[] types, params object[] args)
        => owner.GetMethod(method, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .MakeGenericMethod(types)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, args, null);

    private static ValueGetter<T> OfTyped<T>(DataViewRow row, DataViewSchema.Column column) => row.GetGetter<T>(column);
}
