namespace Microsoft.ML.Data;

/// <summary>Tests of values against bounds; the upper one is left out unless it is the largest there is.</summary>
internal static class RangeTest
{
    public static Func<DataViewRow, Func<bool>> OnNumber(DataViewSchema.Column column, double lower, double upper)
    {
        return row =>
        {
            Func<double> value = NumberReader.Create(row, column);
            return () => value() is var v && v >= lower && (v < upper || v <= upper && double.IsPositiveInfinity(upper));
        };
    }

    /// <summary>The bounds are fractions of the number of keys; missing keys do not pass.</summary>
    public static Func<DataViewRow, Func<bool>> OnKey(DataViewSchema.Column column, double lower, double upper)
    {
        double count = ((KeyDataViewType)column.Type).Count;
        return row =>
        {
            Func<double> value = NumberReader.Create(row, column);
            return () => value() is var key && key > 0 && key <= count && (key - 0.5) / count is var fraction
                && fraction >= lower && (fraction < upper || fraction <= upper && upper >= 1);
        };
    }
}
