using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>The classes behind the probabilities of a Score column, in their order.</summary>
internal static class ClassNames
{
    private const string TrainingLabelValues = "TrainingLabelValues";

    public static string[] Of(DataViewSchema.Column score)
    {
        VectorDataViewType? values = score.Annotations.Schema.GetColumnOrNull(TrainingLabelValues)?.Type as VectorDataViewType;
        return values?.ItemType switch
        {
            TextDataViewType => Read<ReadOnlyMemory<char>>(score),
            NumberDataViewType item when item.RawType == typeof(uint) => Read<uint>(score),
            _ when score.HasSlotNames() => Slots(score),
            _ => [.. Enumerable.Range(0, ((VectorDataViewType)score.Type).Size).Select(index => index.ToString(CultureInfo.InvariantCulture))],
        };
    }

    private static string[] Slots(DataViewSchema.Column score)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => $"{name}")];
    }

    private static string[] Read<T>(DataViewSchema.Column score)
    {
        VBuffer<T> names = default;
        score.Annotations.GetValue(TrainingLabelValues, ref names);
        return [.. names.DenseValues().Select(name => $"{name}")];
    }
}
