using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Which columns of a row are active.</summary>
internal static class ColumnSets
{
    public static bool[] Flags(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columns)
    {
        var flags = new bool[schema.Count];
        foreach (DataViewSchema.Column column in columns)
            flags[column.Index] = true;
        return flags;
    }

    public static void CheckActive(DataViewRow row, DataViewSchema.Column column)
        => Contracts.Check(row.IsColumnActive(column), $"Column '{column.Name}' was not asked for");
}
