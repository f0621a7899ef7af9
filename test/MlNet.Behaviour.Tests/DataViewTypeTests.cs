using System.Collections.Immutable;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class DataViewTypeTests
{
    public static TheoryData<DataViewType, string, Type> Types() => new()
    {
        { TextDataViewType.Instance, "String", typeof(ReadOnlyMemory<char>) },
        { BooleanDataViewType.Instance, "Boolean", typeof(bool) },
        { NumberDataViewType.Byte, "Byte", typeof(byte) },
        { NumberDataViewType.Single, "Single", typeof(float) },
        { NumberDataViewType.UInt64, "UInt64", typeof(ulong) },
        { RowIdDataViewType.Instance, "DataViewRowId", typeof(DataViewRowId) },
        { new KeyDataViewType(typeof(uint), 5), "Key<UInt32, 0-4>", typeof(uint) },
        { new KeyDataViewType(typeof(byte), 255ul), "Key<Byte, 0-254>", typeof(byte) },
        { new VectorDataViewType(NumberDataViewType.Single, 3), "Vector<Single, 3>", typeof(VBuffer<float>) },
        { new VectorDataViewType(NumberDataViewType.Byte), "Vector<Byte>", typeof(VBuffer<byte>) },
        { new VectorDataViewType(NumberDataViewType.Single, 3, 2, 4), "Vector<Single, 3, 2, 4>", typeof(VBuffer<float>) },
        { new VectorDataViewType(NumberDataViewType.Single, 3, 0), "Vector<Single, 3, *>", typeof(VBuffer<float>) },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Type_SaysItsNameAndRawType(DataViewType type, string name, Type rawType)
    {
        Assert.Equal(name, type.ToString());
        Assert.Equal(rawType, type.RawType);
    }

    [Fact]
    public void Key_EqualsSameCountAndRawTypeOnly()
    {
        var key = new KeyDataViewType(typeof(uint), 5);

        Assert.True(key.Equals((object)new KeyDataViewType(typeof(uint), 5ul)));
        Assert.Equal(key.GetHashCode(), new KeyDataViewType(typeof(uint), 5ul).GetHashCode());
        Assert.False(key.Equals(new KeyDataViewType(typeof(uint), 6)));
        Assert.False(key.Equals(new KeyDataViewType(typeof(ulong), 5)));
        Assert.False(key.Equals(NumberDataViewType.UInt32));
    }

    [Fact]
    public void Key_RefusesOtherTypesAndCounts()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(int), 5));
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(uint), 0)).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => new KeyDataViewType(typeof(byte), 256)).ParamName);
    }

    [Fact]
    public void Vector_KnowsItsSizeWhenAllDimensionsAreKnown()
    {
        var known = new VectorDataViewType(NumberDataViewType.Single, 3, 2);
        var unknown = new VectorDataViewType(NumberDataViewType.Single, 3, 0);

        Assert.True(known.IsKnownSize);
        Assert.Equal(6, known.Size);
        Assert.False(unknown.IsKnownSize);
        Assert.Equal(0, unknown.Size);
        Assert.Equal([0], new VectorDataViewType(NumberDataViewType.Single).Dimensions.ToArray());
        Assert.True(known.Equals(new VectorDataViewType(NumberDataViewType.Single, ImmutableArray.Create(3, 2))));
        Assert.False(known.Equals(new VectorDataViewType(NumberDataViewType.Single, 2, 3)));
        Assert.False(known.Equals(new VectorDataViewType(NumberDataViewType.Double, 3, 2)));
    }

    [Fact]
    public void Vector_RefusesNegativeSizesAndNullItems()
    {
        Assert.Equal("size", Assert.Throws<ArgumentOutOfRangeException>(() => new VectorDataViewType(NumberDataViewType.Single, -1)).ParamName);
        Assert.Equal("dimensions", Assert.Throws<ArgumentOutOfRangeException>(() => new VectorDataViewType(NumberDataViewType.Single, 2, -1)).ParamName);
        Assert.Equal("itemType", Assert.Throws<ArgumentNullException>(() => new VectorDataViewType(null, 2)).ParamName);
    }

    [Fact]
    public void RowId_MixesAsMurmurDoes()
    {
        var id = new DataViewRowId(1, 2);

        Assert.Equal("00000000000000020000000000000001", id.ToString());
        Assert.Equal(new DataViewRowId(1, 2), id);
        Assert.True(id.CompareTo(new DataViewRowId(0, 3)) < 0);
        Assert.Equal("000000079e99deb4000000007adce733", id.Next().ToString());
        Assert.Equal("000000079e99deb434e09d0b1102190b", id.Fork().ToString());
        Assert.Equal("d6c370eb9bb089c0cf76cc3e67f97a6c", id.Combine(new DataViewRowId(3, 4)).ToString());
        Assert.Equal(257, id.GetHashCode());
    }
}
