namespace Microsoft.ML.Data;

/// <summary>A column that a transformer adds: what it is, which input columns it is made of, and how its getter is made.</summary>
internal sealed record OutputColumn(DataViewSchema.DetachedColumn Column, int[] Inputs, Func<DataViewRow, Delegate> Getter);
