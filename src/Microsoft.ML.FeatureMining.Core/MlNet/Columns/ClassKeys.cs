using System.Globalization;
using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>The values of a label key, key 1 first: text or numbers; none if the key has no KeyValues.</summary>
internal sealed class ClassKeys
{
    private const string KeyValues = "KeyValues";
    private const string SlotNames = "SlotNames";

    private readonly KeyItem? _item;

    private ClassKeys(KeyItem? item, IReadOnlyList<string> names)
    {
        (_item, Names) = (item, names);
    }

    /// <summary>One name per class: the key's value as text, or its zero-based index if it has no value.</summary>
    public IReadOnlyList<string> Names { get; }

    public int Count => Names.Count;

    /// <summary>The type of the values; null if there are none.</summary>
    public PrimitiveDataViewType? ItemType => _item?.Type;

    /// <summary>The name of that type in a saved model; empty if there are no values.</summary>
    public string ItemName => _item?.Name ?? "";

    /// <summary>The keys of a column of keys or of vectors of keys.</summary>
    public static ClassKeys Of(DataViewSchema.Column label)
    {
        int count = checked((int)((KeyDataViewType)((label.Type as VectorDataViewType)?.ItemType ?? label.Type)).Count);
        DataViewSchema.Column? values = label.Annotations.Schema.GetColumnOrNull(KeyValues);
        if (values?.Type is not VectorDataViewType { IsKnownSize: true } type)
        {
            return new ClassKeys(null, Numbered(count));
        }

        KeyItem item =
            KeyItem.Of(type.ItemType)
            ?? throw new ArgumentOutOfRangeException(
                nameof(label),
                $"The KeyValues of label column '{label.Name}' are {type.ItemType}; a model can store text, numbers and Booleans."
            );
        return new ClassKeys(item, item.Read(label.Annotations, KeyValues));
    }

    /// <summary>Creates keys from class names, in that order.</summary>
    public static ClassKeys OfText(IReadOnlyList<string> names) => new(KeyItem.Text, names);

    /// <summary>Creates keys from the slots of a vector: their names, or their indices if they have no names.</summary>
    public static ClassKeys OfSlots(DataViewSchema.Column vector)
    {
        if (vector.Annotations.Schema.GetColumnOrNull(SlotNames)?.Type is not VectorDataViewType { ItemType: TextDataViewType, IsKnownSize: true })
        {
            return new ClassKeys(null, Numbered(((VectorDataViewType)vector.Type).Size));
        }

        VBuffer<ReadOnlyMemory<char>> names = default;
        vector.Annotations.GetValue(SlotNames, ref names);
        return OfText([.. names.DenseValues().Select(name => name.ToString())]);
    }

    /// <summary>The keys of a saved model.</summary>
    /// <param name="names">The names of the classes; null if they have none.</param>
    /// <param name="count">The number of classes.</param>
    /// <param name="itemName">The saved <see cref="ItemName"/>.</param>
    public static ClassKeys OfModel(IReadOnlyList<string>? names, int count, string itemName) =>
        new(itemName.Length == 0 ? null : KeyItem.Named(itemName), names ?? Numbered(count));

    /// <summary>Whether equal keys mean the same class in both.</summary>
    public bool Matches(ClassKeys other) => _item == other._item && Names.SequenceEqual(other.Names, StringComparer.Ordinal);

    /// <summary>Returns a function that reads a column of such values as text, in the form of <see cref="Names"/>.</summary>
    public Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column) => _item!.ValueReader(row, column);

    /// <summary>Adds the values as an annotation, if there are any.</summary>
    public void Annotate(DataViewSchema.Annotations.Builder annotations, string kind) => _item?.Add(annotations, kind, Names);

    public override string ToString() => _item is null ? $"{Count} keys without values" : $"{Count} keys of {_item.Type}";

    private static string[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(index => FormattableString.Invariant($"{index}"))];
}

/// <summary>A type of key values, with a lossless conversion to text and back.</summary>
internal abstract class KeyItem(PrimitiveDataViewType type)
{
    public static KeyItem Text { get; } = new KeyItem<ReadOnlyMemory<char>>(TextDataViewType.Instance, value => value.ToString(), text => text.AsMemory());

    private static readonly KeyItem[] All =
    [
        Text,
        new KeyItem<bool>(BooleanDataViewType.Instance, value => value.ToString(CultureInfo.InvariantCulture), bool.Parse),
        Number<sbyte>(NumberDataViewType.SByte),
        Number<byte>(NumberDataViewType.Byte),
        Number<short>(NumberDataViewType.Int16),
        Number<ushort>(NumberDataViewType.UInt16),
        Number<int>(NumberDataViewType.Int32),
        Number<uint>(NumberDataViewType.UInt32),
        Number<long>(NumberDataViewType.Int64),
        Number<ulong>(NumberDataViewType.UInt64),
        Number<float>(NumberDataViewType.Single),
        Number<double>(NumberDataViewType.Double),
    ];

    public PrimitiveDataViewType Type { get; } = type;

    /// <summary>The type's name in a saved model.</summary>
    public string Name => Type.ToString()!;

    public static KeyItem? Of(DataViewType type) => Array.Find(All, item => item.Type.Equals(type));

    public static KeyItem Named(string name) =>
        Array.Find(All, item => item.Name == name)
        ?? throw new InvalidDataException($"The model's label values are of type '{name}', which this version of the library does not support.");

    public abstract string[] Read(DataViewSchema.Annotations annotations, string kind);

    public abstract Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column);

    /// <summary>Parses the names into an array of the raw type.</summary>
    public abstract Array Values(IReadOnlyList<string> names);

    public abstract void Add(DataViewSchema.Annotations.Builder annotations, string kind, IReadOnlyList<string> names);

    private static KeyItem<T> Number<T>(NumberDataViewType type)
        where T : INumber<T> => new(type, value => value.ToString(null, CultureInfo.InvariantCulture)!, text => T.Parse(text, CultureInfo.InvariantCulture));
}

internal sealed class KeyItem<T>(PrimitiveDataViewType type, Func<T, string> format, Func<string, T> parse) : KeyItem(type)
{
    public override string[] Read(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(format)];
    }

    public override Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return format(value);
        };
    }

    public override Array Values(IReadOnlyList<string> names) => names.Select(parse).ToArray();

    public override void Add(DataViewSchema.Annotations.Builder annotations, string kind, IReadOnlyList<string> names)
    {
        T[] values = (T[])Values(names);
        annotations.Add(kind, new VectorDataViewType(Type, values.Length), (ref VBuffer<T> buffer) => new VBuffer<T>(values.Length, values).CopyTo(ref buffer));
    }
}
