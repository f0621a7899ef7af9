using System.Numerics;

namespace Microsoft.ML.Data;

/// <summary>Reads a column of any number or key type as double.</summary>
internal static class NumberReader
{
    public static Func<double> Create(DataViewRow row, DataViewSchema.Column column)
        => (Func<double>)Getters.Generic(typeof(NumberReader), nameof(Typed), [column.Type.RawType], row, column);

    private static Func<double> Typed<T>(DataViewRow row, DataViewSchema.Column column)
        where T : INumber<T>
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = T.Zero;
        return () =>
        {
            getter(ref value);
            return double.CreateTruncating(value);
        };
    }
}
