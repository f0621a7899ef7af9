using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Artifacts;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>The values behind a label key, key 1 first: text, numbers, or none where the key has no KeyValues.</summary>
internal sealed class ClassKeys
{
    private const string KeyValues = "KeyValues";
    private const string SlotNames = "SlotNames";

    private readonly KeyItem? _item;

    private ClassKeys(KeyItem? item, IReadOnlyList<string> names)
    {
        (_item, Names) = (item, names);
    }

    /// <summary>One name a class: the key's value as text, or its zero-based index where it has none.</summary>
    public IReadOnlyList<string> Names { get; }

    public int Count => Names.Count;

    /// <summary>The type of the values; null where there are none.</summary>
    public PrimitiveDataViewType? ItemType => _item?.Type;

    /// <summary>That type by the name that a saved model has for it; empty where there are no values.</summary>
    public string ItemName => _item?.Name ?? "";

    public static ClassKeys Of(DataViewSchema.Column label)
    {
        int count = checked((int)((KeyDataViewType)label.Type).Count);
        DataViewSchema.Column? values = label.Annotations.Schema.GetColumnOrNull(KeyValues);
        if (values?.Type is not VectorDataViewType { IsKnownSize: true } type)
            return new ClassKeys(null, Numbered(count));
        KeyItem item = KeyItem.Of(type.ItemType)
            ?? throw new ArgumentOutOfRangeException(nameof(label), $"The KeyValues of label column '{label.Name}' are {type.ItemType}; text, numbers and Booleans can be kept in a model.");
        return new ClassKeys(item, item.Read(label.Annotations, KeyValues));
    }

    /// <summary>Classes that a text column names, in that order.</summary>
    public static ClassKeys OfText(IReadOnlyList<string> names) => new(KeyItem.Text, names);

    /// <summary>The classes of a vector's slots: their names, or numbers where they have none.</summary>
    public static ClassKeys OfSlots(DataViewSchema.Column vector)
    {
        if (vector.Annotations.Schema.GetColumnOrNull(SlotNames)?.Type is not VectorDataViewType { ItemType: TextDataViewType, IsKnownSize: true })
            return new ClassKeys(null, Numbered(((VectorDataViewType)vector.Type).Size));
        VBuffer<ReadOnlyMemory<char>> names = default;
        vector.Annotations.GetValue(SlotNames, ref names);
        return OfText([.. names.DenseValues().Select(name => name.ToString())]);
    }

    /// <summary>The keys of a saved model, whose values are of the type that <see cref="ItemName"/> gave.</summary>
    public static ClassKeys Of(ArtifactManifest manifest, string itemName) => new(
        itemName.Length == 0 ? null : KeyItem.Named(itemName), manifest.ClassNames ?? Numbered(manifest.ClassCount));

    /// <summary>Whether a key of the other means the same class.</summary>
    public bool Matches(ClassKeys other) => _item == other._item && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <summary>Reads a column of such values as text, in the form of <see cref="Names"/>.</summary>
    public Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column) => _item!.ValueReader(row, column);

    /// <summary>Adds the values as an annotation, where there are any.</summary>
    public void Annotate(DataViewSchema.Annotations.Builder annotations, string kind) => _item?.Add(annotations, kind, Names);

    public override string ToString() => _item is null ? $"{Count} keys without values" : $"{Count} keys of {_item.Type}";

    private static string[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(index => FormattableString.Invariant($"{index}"))];
}
